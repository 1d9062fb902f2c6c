# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reads answers of servers, and files that come back: each a function of bytes, with the captures it starts from.

A reader may refuse an input by an error of the collection alone. ``refusals`` names what else it may raise, where its
only caller takes any exception for an answer that cannot be read (psrp.py, windows_shell.py), or documents it.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import struct
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pypsrp.exceptions
import winrm.exceptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import ConnectionOptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import (
    Retry,
    RetryPolicy,
    seconds_asked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync import activity
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import figures
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import data_consistency
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import Baselines
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    save,
    sources,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.placement import decisions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    cloud,
    move_request,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory import (
    attributes,
    reader,
    refusals,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect import (
    dialogue as entra_dialogue,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import (
    encoding,
    module_file,
    replies,
    rest,
    tokens,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server import (
    clixml,
    faults,
    raw_output,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph import client, directory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.kerberos import diagnose_kerberos
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import (
    dialogue,
    windows_shell,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import csv_input, fields, records
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.validation import validated
from pypsrp.messages import MessageType
from pypsrp.powershell import Fragment

from tests.fuzz import captures
from tests.fuzz.mutations import GUID

READ = Cmdlet("Get-Mailbox", {"Identity": GUID})
WHERE = "Exchange server ex01.contoso.com:443"
IMPATIENT = Retry(RetryPolicy(attempts=2, patience=0.0), sleep=lambda _seconds: None)
NOW = datetime.datetime(2026, 11, 30, 18, 0, tzinfo=datetime.timezone.utc)
SERVER = windows_shell.Server("exchange_server", "x", "ex01.contoso.com", 5986, "kerberos", "ann@CONTOSO.COM", None)


@dataclass(frozen=True)
class Target:
    """``share`` is how many inputs it gets, compared with others."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    refusals: tuple[type[Exception], ...] = ()
    share: int = 1


# -- what becomes of properties ----------------------------------------------------------------------------------------


def understood(properties: Properties) -> None:
    """Read an object as each that Exchange, Entra Connect or a move shows.

    ``recipients.read`` turns what cannot be understood of a recipient into its own mailbox's failure (_seen).
    """
    with contextlib.suppress(ValueError, TypeError, KeyError):
        found = cloud.recipient(properties)
        _hold_kinds.of_mailbox(found, _values.as_list(properties.get("InPlaceHolds")))
        cloud.difference(found, cloud.carried(found))
        addresses.lost_aliases(found["email_addresses"], found["alias"])
        _values.guid_of_immutable_id(found.get("immutable_id", ""))
    with contextlib.suppress(ValueError, TypeError, KeyError):
        on_premises.with_mail(on_premises.user(properties), properties)
    request = move_request.by_mailbox([properties])
    for item in [*request.values(), move_request.request(properties)]:
        if data_consistency.failed(item):
            data_consistency.score(item)
        entry = figures.noted(None, item, "ann@contoso.com", "2026-11-30T18:00:00Z")
        _figures([figures.with_figures(entry, item, "2026-11-30T19:00:00Z")[0]])
    activity.scheduler_of(properties)
    run = activity.run_result(properties)
    activity.stopped_export([run])


def _figures(entries: Sequence[figures.Entry]) -> None:
    figures.counts(entries)
    figures.percent(entries)
    figures.stalls(entries)
    figures.stuck(entries)
    figures.oldest_age(entries, "2026-11-30T19:00:00Z")


def read_clixml(data: bytes) -> None:
    understood(clixml.read_object(data.decode("utf-8", "replace")))


def read_value(data: bytes) -> None:
    """Read one text as every kind of value that Exchange shows, a user types or a server sends."""
    text = data.decode("utf-8", "replace")
    for read in (
        _values.size_in_bytes,
        _values.count,
        _values.is_unlimited,
        _values.span_in_seconds,
        _values.is_guid,
        _values.as_bool,
        _values.guid_of_immutable_id,
        _values.is_address,
        _values.is_domain,
        _values.domain_of,
        _values.domain_of_name,
        _values.without_prefix,
        _values.folded,
        _values.told_guid,
        replies.told,
        encoding.encode_filter,
        tokens.read_claims,
    ):
        read(text)
    addresses.fates([text], text, include_sip=True)
    for form in {field.form for field in fields.TABLE.values() if field.form}:
        with contextlib.suppress(HybridError):
            fields.formats.refuse(form, "option", "name", text)
    seconds_asked({"Retry-After": text, "Date": text})
    understood(dict.fromkeys((*captures.RECIPIENT, *captures.REQUEST, *captures.SYNC_RUN), text))


# -- remote PowerShell -------------------------------------------------------------------------------------------------


class Shell:
    """What RawOutput takes of a pool: its shell, which receives."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def shell(self) -> Shell:
        return self

    def receive(self, *_arguments: Any) -> tuple[str, int, dict[str, bytes]]:
        return "Done", 0, {"stdout": self.data}


def fragments(xml: bytes) -> bytes:
    """Return a pipeline's output as remote PowerShell sends it, in two fragments."""
    header = struct.pack("<II", 1, MessageType.PIPELINE_OUTPUT) + b"\x00" * 32
    message = header + b"\xef\xbb\xbf" + xml
    middle = len(message) // 2
    first = Fragment(1, 0, message[:middle], start=True, end=False)
    return bytes(first.pack() + Fragment(1, 1, message[middle:], start=False, end=True).pack())


def read_fragments(data: bytes) -> None:
    shell = Shell(data)
    received = raw_output.RawOutput(cast(Any, shell))
    cast(Any, shell).receive()
    for xml in received.take([]):
        clixml.read_object(xml)


def read_fault(data: bytes) -> None:
    """Explain a fault, a page or a library's complaint, by each explainer; the first byte chooses the status."""
    text = data.decode("utf-8", "replace")
    status = (400, 401, 403, 404, 405, 407, 413, 429, 500, 502, 503, 504)[len(data) % 12]
    errors = (
        pypsrp.exceptions.WinRMTransportError("http", status, text),
        pypsrp.exceptions.WSManFaultError(2150858793, "ex01", text, text, "", ""),
        pypsrp.exceptions.AuthenticationError(text),
        winrm.exceptions.WinRMTransportError("http", status, text),
        winrm.exceptions.WSManFaultError(500, text, text, text, 2150858843, text, "x"),
        ValueError(text),
    )
    for error in errors:
        faults.diagnose(error, WHERE, "ann", opening=True)
        windows_shell.diagnose(error, SERVER, opening=False)
    diagnose_kerberos(text, WHERE, "ann@contoso.com")
    refusals.bind_refusal("the domain controller", "INVALID_CREDENTIALS", text)
    tokens.explain_entra_error(text, "client", "tenant")
    classify(text[:60], text)


def read_script_reply(data: bytes) -> None:
    """Read a script's answer, as it is and as the line of base64 that it would be."""
    for output in (data, b"noise\r\n" + base64.b64encode(data) + b"\r\n"):
        reply = dialogue.read_reply(output)
        if reply is not None:
            for item in reply.output.objects:
                understood(item)
            with contextlib.suppress(HybridError):
                entra_dialogue.output_of(reply, READ, WHERE)


# -- HTTP services -----------------------------------------------------------------------------------------------------


class Anybody:
    """A way to authenticate that needs nobody."""

    option = "client_secret"

    def validate(self) -> None:
        """There is nothing to check."""

    def authenticate(self, _issuer: tokens.Issuer, _claims: str | None) -> tokens.Token:
        return tokens.Token("opaque", float("inf"))


def cache() -> tokens.TokenCache:
    return tokens.TokenCache(
        Anybody(), tokens.Issuer(GUID, GUID, "https://login.example", "https://outlook.office365.com")
    )


class CannedExchange(rest.AdminApiSession):
    """Gives the same answer once, and an empty one after that."""

    def __init__(self, status: int, raw: bytes, challenge: str = "") -> None:
        tenant = rest.Tenant(GUID, GUID, "https://outlook.office365.com")
        super().__init__(tenant, cache(), rest.PublicKey(threading.Lock()), IMPATIENT)
        self.answers = [rest.HttpReply(status, {"WWW-Authenticate": challenge, "Retry-After": "1"}, raw)]

    def _exchange(self, *_request: Any) -> rest.HttpReply:
        return self.answers.pop() if self.answers else rest.HttpReply(200, {}, b'{"value": []}')


class CannedGraph(client.GraphClient):
    """Gives the same answer to every request."""

    raw = b""

    def _exchange(self, *_request: Any) -> tuple[int, Mapping[str, str], bytes]:
        return 200, {}, self.raw


def read_rest(data: bytes) -> None:
    status = (200, 200, 200, 400, 403, 404, 500)[len(data) % 7]
    with contextlib.suppress(HybridError):
        for item in CannedExchange(status, data).run(READ).objects:
            understood(item)


def read_rest_batch(data: bytes) -> None:
    for outcome in CannedExchange(200, data).run_many([READ, READ, READ]):
        if not isinstance(outcome, HybridError):
            for item in outcome.objects:
                understood(item)


def read_graph(data: bytes) -> None:
    graph = CannedGraph(client.Endpoint("https://graph.microsoft.com"), cache(), IMPATIENT)
    graph.raw = data
    found = directory.GraphDirectory(graph)
    for ask in (
        lambda: found.users([GUID]),
        lambda: found.holders(["x"]),
        found.features,
        lambda: found.authorities([GUID]),
        found.write_back_jobs,
    ):
        with contextlib.suppress(HybridError):
            ask()


def read_token(data: bytes) -> None:
    """Read a token with these claims, or these bytes as the token, as who brings it, and a challenge."""
    for text in (b".".join((b"e30", base64.urlsafe_b64encode(data).rstrip(b"="), b"x")), data):
        given = ConnectionOptions("exchange_online", {"access_token": "a" + text.decode("utf-8", "replace")})
        with contextlib.suppress(HybridError):
            brought = tokens.GivenToken(given, "https://outlook.office365.com", lambda: 0.0)
            brought.validate()
            brought.authenticate(cast(tokens.Issuer, None), None)
        CannedExchange(401, b"", f'Bearer claims="{text.decode("latin-1")}"').run(READ)
    CannedExchange(401, b"", f'Bearer claims="{base64.b64encode(data).decode()}"').run(READ)


def read_module_file(data: bytes) -> None:
    found = module_file.read(replies.read_body(data))
    found.parameters("New-MoveRequest")
    found.credential_handling("New-MoveRequest")


# -- LDAP --------------------------------------------------------------------------------------------------------------


class Socket:
    """A connection over which the answers have arrived already."""

    def __init__(self, *data: bytes) -> None:
        self.data = list(reversed(data))

    def sendall(self, _data: bytes) -> None:
        """Nobody listens."""

    def recv(self, _size: int) -> bytes:
        return self.data.pop() if self.data else b""

    def close(self) -> None:
        """Nothing is open."""


class CannedDirectory(reader.DirectoryReader):
    """Takes what a domain controller sends from a text."""

    def __init__(self, data: bytes) -> None:
        super().__init__(
            {
                "host": "dc01.contoso.com",
                "auth": "simple",
                "username": "x",
                "password": "y",
                "base": "DC=contoso,DC=com",
            }
        )
        self.socket = Socket(captures.BOUND, data)

    def _connect(self) -> Any:
        return self.socket


def read_ldap(data: bytes) -> None:
    with CannedDirectory(data) as found:
        found.users([GUID])


def read_attributes(data: bytes) -> None:
    """Read a user each of whose attributes is a part of the input."""
    names = [*attributes.WANTED, "OBJECTGUID"]
    pieces = data.split(b",") or [b""]
    found = {name: pieces[number % len(pieces) :][:2] for number, name in enumerate(names)}
    for guid in (data[:16], b"\x00" * 16):
        with contextlib.suppress(ValueError):
            attributes.user({**found, "objectGUID": [guid]})
    held = {name: pieces[number % len(pieces) :][:2] for number, name in enumerate(attributes.HOLDING)}
    with contextlib.suppress(ValueError):
        attributes.holder({**held, "objectGUID": pieces[:1], "objectClass": pieces[-1:]})


# -- files that come back ----------------------------------------------------------------------------------------------


def from_file(read: Callable[[str], object], name: str = "file") -> Callable[[bytes], None]:
    """Return a reader of bytes that puts them into a file first."""
    folder = tempfile.TemporaryDirectory(prefix="fuzz")
    place = Path(folder.name) / name
    place.parent.mkdir(exist_ok=True)

    def from_bytes(data: bytes) -> None:
        place.write_bytes(data)
        # Named by the folder, so that this lives as long as the reader.
        read(str(Path(folder.name) / name))

    return from_bytes


def read_wave(path: str) -> None:
    """Read a wave's file as a task does that takes every option."""
    known: dict[str, Mapping[str, Any]] = {"identity": {"type": "str"}}
    for module in ("mailuser", "move_request", "mailbox_permission", "offboarding_state", "exchange_guid"):
        known.update(fields.options(module))
    wave = wave_files.opened(path, wave_files.load(FILES, path))
    records.check_no_mask(wave)
    merged = [records.merged({}, record) for record in wave]
    records.check_characters(merged)
    records.check_identities(merged)
    records.misspelled(wave, known)
    for record in merged:
        validated(record, known, "mailbox", "Correct this record.")


def read_wave_file(path: str) -> None:
    csv_input.from_list(wave_files.load(FILES, path))


def read_progress(path: str) -> None:
    memory = Memory(FILES, path)
    memory.guids()
    entries = list(memory.requests.values())
    _figures(entries)
    figures.due(memory.requests, 5)
    figures.time_left(memory.looks, 10**9)
    figures.thinned(memory.looks)
    for entry in entries:
        listed = move_request.request({"ExchangeGuid": GUID, "Status": "InProgress", "BytesTransferred": 5 * 10**9})
        figures.with_figures(
            figures.noted(entry, listed, "ann@contoso.com", "2026-11-30T20:00:00Z"), listed, "2026-11-30T20:00:00Z"
        )


def report_with(part: str) -> Callable[[str], None]:
    """Return a reader that writes the report with one of its files."""

    def read(path: str) -> None:
        given = {"readiness": "", "journal": "", "progress": "", part: path}
        wave = [cast(records.Record, {"identity": "ann@contoso.com", "exchange_guid": GUID})]
        found = sources.read(lambda _path: FILES, **given)
        save.write(f"{path}.html", sources.Given("x", wave, None, found), NOW, check=True)

    return read


def read_journal(path: str) -> None:
    """Add to a journal that a kill or a full disk may have damaged, and write the report with it."""
    with Journal(FileMemory(), path, "20261130T180000Z-a1b2c3", "wave_001") as journal:
        journal.accepted({"ann@contoso.com": ["litigation_hold"]})
    report_with("journal")(path)


def read_baseline(path: str) -> None:
    Baselines(Folder(FILES, str(Path(path).parent.parent))).load(GUID)


def read_databases(path: str) -> None:
    decisions.load(Folder(FILES, str(Path(path).parent)))


def sealed(data: bytes) -> bytes:
    """Return a baseline with the checksum of its values, whatever they are: somebody who can write one can do that."""
    try:
        document = json.loads(data)
        return json.dumps({**document, "checksum": documents.checksum(document)}).encode()
    except (ValueError, TypeError, RecursionError):
        return data


FILES = FileMemory()
CODES = tuple(b"\n".join(captures.FAULTS).split(b"\n"))
TARGETS: Mapping[str, Target] = {
    # psrp.py takes whatever reading raises for an answer that could not be read.
    "clixml": Target(read_clixml, captures.CLIXML, (ValueError,), 3),
    "psrp_fragments": Target(read_fragments, tuple(map(fragments, captures.CLIXML)), (Exception,), 2),
    "faults": Target(read_fault, captures.FAULTS),
    "script_reply": Target(read_script_reply, captures.SCRIPT_REPLY, share=2),
    "rest": Target(read_rest, captures.REST, share=3),
    "rest_batch": Target(read_rest_batch, captures.REST_BATCH, share=2),
    "graph": Target(read_graph, captures.GRAPH, share=2),
    "token": Target(read_token, captures.CLAIMS),
    "module_file": Target(read_module_file, captures.MODULE_FILE),
    "ldap": Target(read_ldap, captures.LDAP, (HybridError,), 2),
    "attributes": Target(read_attributes, (b"4711,CN=Ann,1,TRUE,User_x,\x01\x00\x04\x90" + b"\x00" * 20,)),
    "value": Target(
        read_value,
        tuple(text.encode() for text in ("1.2 GB (1,288 bytes)", GUID, "2026-11-30T18:00:00Z", "1.00:00:00")),
    ),
    "csv": Target(from_file(csv_input.from_csv, "wave.csv"), captures.CSV, (HybridError,), 2),
    "wave": Target(from_file(read_wave), captures.WAVE, (HybridError,), 2),
    "wave_file": Target(from_file(read_wave_file), captures.WAVE, (HybridError,)),
    "baseline": Target(from_file(read_baseline, f"baseline/{GUID}.json"), captures.BASELINE, (HybridError,)),
    "target_databases": Target(from_file(read_databases, decisions.NAME), captures.DATABASES, (HybridError,)),
    "journal": Target(from_file(read_journal), captures.JOURNAL, (HybridError,), 2),
    "progress": Target(from_file(read_progress), captures.PROGRESS),
    "report_progress": Target(from_file(report_with("progress")), captures.PROGRESS),
    "report_readiness": Target(from_file(report_with("readiness")), captures.READINESS),
}
