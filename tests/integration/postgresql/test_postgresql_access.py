# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what in the database, and by which way: the page's own grants, TLS, and credentials beside the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import trustme
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_schema as schema
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory

from tests.integration.postgresql.roles import paste
from tests.integration.postgresql.server import NAME, PASSWORD, Server
from tests.unit.plugins.module_utils._memory.contract import MemoryContract, text_at

Make = Callable[..., PostgreSQLMemory]


class TestLeastPrivilege(MemoryContract):
    """The role of runs can do what every memory does, with the grants of the page."""

    @pytest.fixture
    def memory(self, offboarding: str, server: Server, make: Make) -> PostgreSQLMemory:
        return make(server.url(offboarding, "offboarding"))

    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE exchange_hybrid.mine ()",
            "CREATE TABLE public.mine ()",
            "CREATE SCHEMA mine",
            "DROP TABLE exchange_hybrid.lines",
            "ALTER TABLE exchange_hybrid.texts ADD COLUMN mine text",
            "TRUNCATE exchange_hybrid.texts",
            "INSERT INTO exchange_hybrid.versions VALUES (99)",
            "DELETE FROM exchange_hybrid.versions",
            "UPDATE exchange_hybrid.lines SET line = 'other'",
            "CREATE TEMPORARY TABLE mine ()",
            "COPY exchange_hybrid.texts TO PROGRAM 'true'",
        ],
    )
    def test_it_can_do_nothing_else(self, statement: str, offboarding: str, server: Server) -> None:
        with (
            psycopg.connect(server.url(offboarding, "offboarding")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)

    def test_each_of_its_grants_is_needed(self, offboarding: str, server: Server, make: Make, root: str) -> None:
        def use(memory: PostgreSQLMemory) -> None:
            memory.write(f"{root}/wave.json", "text")
            memory.swap(f"{root}/wave.json", "text", "other")
            memory.appended(f"{root}/journal.jsonl").append("line")
            memory.write(f"{root}/journal.jsonl", "text")
            memory.remove(f"{root}/wave.json")

        url = server.url(offboarding, "offboarding_owner")
        with psycopg.connect(server.url(offboarding, "offboarding")) as connection:
            assert schema.lacking(connection) == []
        for table, privileges in schema.PRIVILEGES.items():
            for privilege in privileges:
                paste(url, f"REVOKE {privilege} ON exchange_hybrid.{table} FROM offboarding")
                with pytest.raises(MemoryFault) as caught:
                    use(make(server.url(offboarding, "offboarding")))
                assert "permission denied for table" in str(caught.value.strerror)
                assert "docs/memory.md" in caught.value.remedy
                with psycopg.connect(server.url(offboarding, "offboarding")) as connection:
                    assert schema.lacking(connection) == [f"{privilege} on exchange_hybrid.{table}"]
                paste(url, f"GRANT {privilege} ON exchange_hybrid.{table} TO offboarding")
        use(make(server.url(offboarding, "offboarding")))

    def test_a_role_without_the_schema_is_told_of_the_grants(
        self, offboarding: str, server: Server, make: Make
    ) -> None:
        paste(server.url(offboarding, "offboarding_owner"), "REVOKE USAGE ON SCHEMA exchange_hybrid FROM offboarding")
        with pytest.raises(MemoryFault, match="permission denied for schema exchange_hybrid") as caught:
            make(server.url(offboarding, "offboarding")).now()
        assert "docs/memory.md" in caught.value.remedy
        paste(server.url(offboarding, "offboarding_owner"), "GRANT USAGE ON SCHEMA exchange_hybrid TO offboarding")


@pytest.fixture
def tls(offboarding: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return addresses over TCP, as people write them; the environment has the credentials."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PGSSLROOTCERT", str(server.ca_file))

    def address(host: str = NAME, more: str = "") -> str:
        return f"postgresql://offboarding@{host}/{offboarding}?hostaddr={server.address}{more}"

    return address


def test_a_server_whose_certificate_and_name_are_right_is_trusted(
    tls: Callable[..., str], make: Make, offboarding: str, server: Server, root: str
) -> None:
    memory = make(tls())
    memory.write(f"{root}/wave.json", "text")
    assert text_at(memory, f"{root}/wave.json") == "text"
    assert memory.describe(f"{root}/wave.json") == f"{root}/wave.json in the database offboarding on {NAME}"
    with psycopg.connect(server.url(offboarding)) as connection:
        query = (
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND usename = 'offboarding'"
        )
        assert connection.execute(query).fetchone() == (1,)


def refused(memory: PostgreSQLMemory) -> MemoryFault:
    with pytest.raises(MemoryFault) as caught:
        memory.now()
    assert PASSWORD not in f"{caught.value} {caught.value.remedy} {caught.value.__cause__} {caught.value.__context__}"
    return caught.value


def test_a_server_by_another_name_is_refused(tls: Callable[..., str], make: Make) -> None:
    fault = refused(make(tls("db02.contoso.com")))
    assert re.fullmatch(
        r'the certificate of the database server is for "db01.contoso.com".*, not for db02.contoso.com', fault.strerror
    )


def test_a_certificate_of_another_authority_is_refused(
    tls: Callable[..., str], make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "other.pem"))
    assert refused(make(tls())).strerror == "the certificate of the database server is not trusted"
    monkeypatch.delenv("PGSSLROOTCERT")
    # As for a user without ~/.postgresql/root.crt, and whatever else the environment asks for.
    monkeypatch.setenv("PGSSLMODE", "prefer")
    fault = refused(make(tls(more=f"&sslrootcert={tmp_path / 'none.pem'}")))
    assert fault.strerror == "there is no authority to check the certificate of the database server against"
    assert "PGSSLROOTCERT" in fault.remedy


def test_what_the_address_says_of_tls_is_followed(
    tls: Callable[..., str], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLROOTCERT")
    assert make(tls("db02.contoso.com", "&sslmode=require")).now()


def test_the_password_comes_from_where_libpq_looks_for_it(
    tls: Callable[..., str], make: Make, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGPASSWORD", "another")
    fault = refused(make(tls()))
    assert fault.strerror == "the database server does not accept the role with its password"
    monkeypatch.delenv("PGPASSWORD")
    assert refused(make(tls())).strerror == fault.strerror
    kept = tmp_path / "pgpass"
    kept.write_text(f"*:*:*:offboarding:{PASSWORD}\n", encoding="utf-8")
    kept.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(kept))
    assert make(tls()).now()
    monkeypatch.delenv("PGPASSFILE")
    services = tmp_path / "services"
    services.write_text(
        f"[offboarding]\nhost={NAME}\nhostaddr={server.address}\ndbname=offboarding\nuser=offboarding\n"
        f"password={PASSWORD}\nsslmode=disable\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    memory = make("postgresql:///?service=offboarding")
    assert memory.now()
    assert memory.describe("wave.json") == "wave.json in the database of the service offboarding"
    fault = refused(make("postgresql:///?service=other"))
    assert fault.strerror == "the service is not known"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://offboarding:{PASSWORD}@{NAME}/offboarding",
        f"postgres://{NAME}/offboarding?user=offboarding&password={PASSWORD}",
        f"postgresql://{NAME}/offboarding?sslpassword={PASSWORD}",
    ],
)
def test_a_password_in_the_address_is_refused_before_anything_is_asked(address: str) -> None:
    with pytest.raises(MemoryFault, match="has a password in it") as caught:
        PostgreSQLMemory(address)
    assert PASSWORD not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize("address", ["", "/srv/offboarding", "mysql://db01/offboarding", "postgresql:///?odd=1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MemoryFault) as caught:
        PostgreSQLMemory(address)
    assert "postgresql://offboarding@db01.contoso.com/offboarding" in caught.value.remedy


def test_roles_and_databases_that_are_not_there_are_told(make: Make, server: Server) -> None:
    assert "port" in refused(make("postgresql://127.0.0.1:port/x")).strerror
    assert refused(make(server.url("none"))).strerror == "the database server has no database none"
    assert refused(make(server.url("postgres", "nobody"))).strerror == "the database server has no role nobody"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    fault = refused(make(server.url("latin")))
    assert (fault.strerror, "ENCODING 'UTF8'" in fault.remedy) == ("the database has the encoding LATIN1", True)


def test_tables_that_are_missing_older_or_newer_are_refused(make: Make, server: Server, bare: str) -> None:
    memory = make(server.url(bare))
    fault = refused(memory)
    assert (fault.strerror, "memory_setup" in fault.remedy) == ("the database has no tables for it yet", True)
    with psycopg.connect(server.url(bare), autocommit=True) as connection:
        schema.make(connection)
        assert memory.now()
        connection.execute("INSERT INTO exchange_hybrid.versions VALUES (%s)", [schema.VERSION + 1])
        fault = refused(make(server.url(bare)))
        assert f"have version {schema.VERSION + 1}, made by a newer version of the collection" in fault.strerror
        with pytest.raises(MemoryFault, match="newer version"):
            schema.make(connection)
        connection.execute("DELETE FROM exchange_hybrid.versions")
        connection.execute("INSERT INTO exchange_hybrid.versions VALUES (0)")
        connection.execute("DROP TABLE exchange_hybrid.lines")
        with pytest.raises(MemoryFault, match="no tables for it, or not all of them") as caught:
            memory.appended("journal.jsonl").append("line")
        assert "memory_setup" in caught.value.remedy


def test_the_tables_are_made_by_one_of_many_and_upgraded_whole_or_not_at_all(server: Server, bare: str) -> None:
    def make_tables(_number: int) -> int:
        with psycopg.connect(server.url(bare), autocommit=True) as connection:
            for _time in range(2):
                schema.make(connection)
            return schema.found(connection)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(make_tables, range(4))) == [schema.VERSION] * 4
    with psycopg.connect(server.url(bare), autocommit=True) as connection:
        more = "ALTER TABLE exchange_hybrid.texts ADD COLUMN more text"
        with pytest.raises(psycopg.errors.UndefinedTable):
            schema.make(connection, [*schema.MIGRATIONS, [more, "DROP TABLE exchange_hybrid.none"]])
        assert schema.look(connection) == schema.Setup(schema.VERSION, schema.look(connection).server, 0, 0)
        schema.make(connection, [*schema.MIGRATIONS, [more]])
        assert schema.found(connection) == schema.VERSION + 1
        connection.execute("SELECT more FROM exchange_hybrid.texts")


@pytest.mark.parametrize(("text", "told"), [("a\0b", "U+0000"), ("a\ud800b", "U+D800")])
def test_what_the_database_cannot_hold_is_refused_with_its_code_point(
    text: str, told: str, memory: PostgreSQLMemory, root: str
) -> None:
    with pytest.raises(MemoryFault, match=re.escape(told)):
        memory.write(f"{root}/wave.json", text)
    with pytest.raises(MemoryFault, match=re.escape(told)):
        memory.create(f"{root}/{text}.json", "text")
    assert memory.under(root) == []
    if told != "U+0000":
        # As in files: what is half a character in a message of Exchange keeps no line from the journal.
        memory.appended(f"{root}/journal.jsonl").append(text)
        assert list(memory.lines(f"{root}/journal.jsonl")) == ["a\\ud800b"]
