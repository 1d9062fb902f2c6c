# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A read-only LDAP connection to one domain controller: a bind and searches by equality, no more.

``simple`` binds inside TLS; ``kerberos`` and ``ntlm`` bind by SASL and seal every message, as domain controllers that
require LDAP signing demand. sansldap does the encoding and pyspnego, which the collection needs anyway, the
authentication: both are pure Python and kept by the author of pypsrp. ldap3, the usual choice, had its last release in
2021 and cannot seal; bonsai needs a C library with Cyrus SASL on the controller.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import socket
import ssl
import struct
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import (
    LARGEST_SEARCH,
    TRANSFER,
    AnswerTooLarge,
    BoundExceeded,
    DeadlinePassed,
    until,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.loggers import keep_quiet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    IMPORTS,
    ConnectionOptions,
    Diagnosis,
    beyond_bounds,
    lost,
    missing_library,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory import attributes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
    ShownUser,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.refusals import (
    bind_refusal,
    search_refusal,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.kerberos import (
    check_user_principal_name,
    diagnose_kerberos,
)

if TYPE_CHECKING:
    import sansldap
    import spnego

T = TypeVar("T")

ACTIVE_DIRECTORY = "active_directory"
AT_ONCE = 50  # users in one search, each with all that is read of it
# LDAP_SERVER_SD_FLAGS_OID with DACL_SECURITY_INFORMATION alone ([MS-ADTS] 3.1.1.3.4.1.11): without it the owner and the
# audit list are asked for too, which an account that only reads may not see, and the whole descriptor is withheld.
_SD_FLAGS = "1.2.840.113556.1.4.801"
_DACL_ONLY = bytes((0x30, 0x03, 0x02, 0x01, 0x04))
# The global catalog holds a part of each object's attributes: what it lacks would look empty.
_GLOBAL_CATALOG = (3268, 3269)
# MaxPageSize of the default query policy ([MS-ADTS] 3.1.1.3.4.6), and more pages than the answer to one search needs.
_PAGE, _MOST_PAGES = 1000, 100
_CHUNK = 65536
_LENGTH = struct.Struct(">I")


class DirectoryReader:
    """Reads users from one domain controller. Use as a context manager; it connects when it is entered."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        given = ConnectionOptions(ACTIVE_DIRECTORY, options)
        self.host = given.host("Specify the fully qualified name of a domain controller, or set ACTIVE_DIRECTORY_HOST.")
        self._auth = given.choice("auth", "kerberos", ("kerberos", "ntlm", "simple"))
        self._port = given.number("port", 636 if self._auth == "simple" else 389, 1, 65535)
        if self._port in _GLOBAL_CATALOG:
            raise given.option_error(
                "port",
                "is the global catalog's, which holds only part of the attributes",
                f"Specify {636 if self._auth == 'simple' else 389}, or leave the port out.",
                self._port,
            )
        secure = self._auth == "simple"
        self._catalog_port = given.number("global_catalog_port", _GLOBAL_CATALOG[secure], 1, 65535)
        self._server = "the domain controller"
        self._timeout = given.number("timeout", 30, 1, 600)
        self._username = given.text("username")
        self._password = given.password()
        self._verify = given.verification()
        self._base = given.text("base")
        self._service_host = given.text("negotiate_hostname_override", self.host)
        if self._auth == "kerberos":
            check_user_principal_name(given, options)
        elif not (self._username and self._password):
            raise given.option_error("password", "is missing", f"auth: {self._auth} needs username and password.")

    def __enter__(self) -> DirectoryReader:
        self._wire = _Wire(self._connect(), self._where, self._timeout)
        try:
            if self._auth == "simple":
                self._wire.bind_simple(self._username, self._password or "")
            else:
                self._wire.bind_sasl(self._context(), self._refusal)
            self._base = self._base or self.naming_context("defaultNamingContext")
        except BaseException:
            self._wire.close()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._wire.close()

    def users(self, guids: Sequence[str]) -> dict[str, ShownUser]:
        """Return the users with these objectGUIDs by GUID; one that this controller's domain lacks is absent."""
        return self._found([("objectGUID", uuid.UUID(guid).bytes_le) for guid in guids])

    def claimants(self, anchors: Sequence[str], object_ids: Sequence[str]) -> list[DirectoryUser]:
        """Return the users of this controller's domain that claim a cloud user, by its ImmutableId or its object id.

        An ImmutableId is the base64 text of mS-DS-ConsistencyGuid, or of objectGUID; another text is nobody's.
        """
        values = [value for anchor in anchors if (value := _decoded(anchor))]
        asked = [("mS-DS-ConsistencyGuid", value) for value in values]
        asked += [("objectGUID", value) for value in values if len(value) == 16]
        for object_id in object_ids:
            asked += [(attributes.WRITTEN_BACK, f"User_{object_id}".encode())]
        return [item for item in self._found(asked).values() if isinstance(item, DirectoryUser)]

    def _found(self, asked: Sequence[tuple[str, bytes]]) -> dict[str, ShownUser]:
        users = self.search(self._base, asked, attributes.WANTED, attributes.user)
        return {item.guid: item for item in users}

    def search(
        self,
        base: str,
        asked: Sequence[tuple[str, bytes]],
        names: Sequence[str],
        form: Callable[[attributes.Attributes], T],
        at_once: int = AT_ONCE,
    ) -> list[T]:
        """Return the ``form`` of every object below ``base`` with one of the values, ``(attribute, value)``.

        The values travel as they are: nothing is escaped, because no filter is written as a text (RFC 4511, 4.5.1).
        Deleted objects are not found, which a control would have to ask for. ``at_once`` values are in one search.
        """
        import sansldap

        found: list[T] = []
        for start in range(0, len(asked), at_once):
            parts: list[sansldap.LDAPFilter] = [
                sansldap.FilterEquality(name, value) for name, value in asked[start : start + at_once]
            ]
            for entry in self._wire.search(base, sansldap.FilterOr(parts), names):
                try:
                    found.append(form(entry))
                except ValueError as error:
                    raise self._wire.unexpected(str(error)) from error
        return found

    def global_catalog(self) -> DirectoryReader:
        """Return a reader of the same server's global catalog: a part of the attributes, of the whole forest."""
        other = copy.copy(self)
        other._port, other._server = self._catalog_port, "the global catalog"
        return other

    @property
    def _where(self) -> str:
        return f"{self._server} at {self.host}:{self._port}"

    def _connect(self) -> socket.socket:
        try:
            connection = socket.create_connection((self.host, self._port), self._timeout)
        except OSError as error:
            raise ConnectionFailure(
                f"Nothing answers for {self._where} ({type(error).__name__}).",
                code="unreachable",
                remedy="Check active_directory.host, its port and the firewalls on the way.",
                retryable=True,
            ) from error
        if self._auth != "simple":
            return connection
        try:
            # TLS takes the socket away, and no time-out notices a byte now and then.
            with connection.dup() as twin, until(self._timeout, lambda: twin.shutdown(socket.SHUT_RDWR)):
                return self._tls().wrap_socket(connection, server_hostname=self.host)
        except (TimeoutError, DeadlinePassed) as error:
            # Which of the two clocks strikes first, the socket's or the deadline's, is chance.
            connection.close()
            raise _told(beyond_bounds(DeadlinePassed(self._timeout), self._where)) from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
            connection.close()
            raise _told(lost(self._where, type(error).__name__)) from error
        except OSError as error:
            connection.close()
            raise ConnectionFailure(
                f"The TLS connection to {self._where} failed ({error}).",
                code="tls_failed",
                remedy="Specify the issuing authority's certificate as active_directory.ca_file, and a host name that "
                "the controller's certificate lists.",
            ) from error

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._verify if isinstance(self._verify, str) else None)
        if self._verify is False:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def _context(self) -> spnego.ContextProxy:
        keep_quiet()
        try:
            with IMPORTS:
                import spnego
        except ImportError as error:
            raise missing_library("pyspnego", error) from None
        try:
            return spnego.client(
                self._username or None,
                self._password,
                hostname=self._service_host,
                service="ldap",
                protocol=self._auth,
                context_req=spnego.ContextReq.default | spnego.ContextReq.confidentiality | spnego.ContextReq.integrity,
            )
        except ImportError as error:
            raise missing_library("pyspnego[kerberos]", error) from None
        except Exception as error:
            # gssapi and krb5 have exceptions of their own, and neither library has to be here.
            raise self._refusal(error) from None

    def _refusal(self, error: Exception) -> ConnectionFailure:
        """Return what an authentication library said, without its traceback: its frames hold the password."""
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        known = diagnose_kerberos(text, self._where, self._username)
        if known is not None:
            return ConnectionFailure(known.message, code=known.code, remedy=known.remedy)
        return bind_refusal(self._where, text, "")

    def naming_context(self, name: str) -> str:
        """Return a naming context by its name in the root DSE, ``configurationNamingContext`` for example."""
        import sansldap

        present = sansldap.FilterPresent("objectClass")
        for entry in self._wire.search("", present, (name,), base_only=True):
            values = {_values.folded(shown): list(held) for shown, held in entry.items()}.get(_values.folded(name), [])
            if values:
                return values[0].decode()
        raise self._wire.unexpected(f"it has no {name}: set active_directory.base")


def _told(diagnosis: Diagnosis) -> ConnectionFailure:
    """Return the failure of a session that only reads: there is no cmdlet that may have run."""
    return ConnectionFailure(
        diagnosis.message, code=diagnosis.code, remedy=diagnosis.remedy, retryable=diagnosis.retryable
    )


def _decoded(anchor: str) -> bytes:
    try:
        return base64.b64decode(anchor, validate=True)
    except ValueError:
        return b""


def _message_length(data: bytearray) -> int | None:
    """Return how long the message is that begins here, or None where that is not known yet.

    A length is one byte, or 0x80 and the number of bytes that it takes (X.690, 8.1.3). Raises ValueError for a length
    that LDAP does not use (RFC 4511, 5.1), AnswerTooLarge for one that nothing in a directory needs.
    """
    if len(data) < 2:
        return None
    if data[1] < 0x80:
        return 2 + data[1]
    digits = data[1] & 0x7F
    if not 1 <= digits <= 4:
        raise ValueError("not a length of LDAP's")
    if len(data) < 2 + digits:
        return None
    length = int.from_bytes(data[2 : 2 + digits], "big")
    if length > LARGEST_SEARCH:
        raise AnswerTooLarge(LARGEST_SEARCH)
    return 2 + digits + length


class _Wire:
    """One LDAP session over one socket, one request at a time."""

    def __init__(self, connection: socket.socket, where: str, timeout: float) -> None:
        try:
            import sansldap
        except ImportError as error:
            connection.close()
            raise missing_library("sansldap", error) from None
        self._socket = connection
        self._where = where
        self._timeout = timeout
        self._session = sansldap.LDAPClient()
        self._context: spnego.ContextProxy | None = None
        self._sealed = bytearray()
        self._waiting = bytearray()
        self._size = 0  # bytes of the answer so far, over all of its pages

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._session.unbind()
            self._send()
        self._socket.close()

    def bind_simple(self, username: str, password: str) -> None:
        self._session.bind_simple(username, password)
        self._bound(self._bind_response())

    def bind_sasl(self, context: spnego.ContextProxy, refused: Callable[[Exception], ConnectionFailure]) -> None:
        import spnego

        token: bytes | None = None
        try:
            while not context.complete:
                token = context.step(token)
                if token is None:
                    break
                self._session.bind_sasl("GSS-SPNEGO", cred=token)
                response = self._bind_response()
                self._bound(response, may_go_on=True)
                token = response.server_sasl_creds or None
        except spnego.exceptions.SpnegoError as error:
            raise refused(error) from None
        self._context = context

    def search(
        self, base: str, wanted: sansldap.LDAPFilter, names: Sequence[str], *, base_only: bool = False
    ) -> list[attributes.Attributes]:
        """Return the attributes of every entry found. References to other domains are not followed."""
        import sansldap

        scope = sansldap.SearchScope.BASE if base_only else sansldap.SearchScope.SUBTREE
        descriptor = sansldap.LDAPControl(_SD_FLAGS, True, _DACL_ONLY)
        entries: list[attributes.Attributes] = []
        self._size, cookie = 0, b""
        for _number in range(_MOST_PAGES):
            page = sansldap.PagedResultControl(False, _PAGE, cookie)
            self._session.search_request(
                base, scope, filter=wanted, attributes=list(names), controls=[] if base_only else [descriptor, page]
            )
            cookie = self._read_page(entries)
            if not cookie:
                return entries
        raise self.unexpected(f"more than {_MOST_PAGES} pages")

    def _read_page(self, entries: list[attributes.Attributes]) -> bytes:
        """Add the entries of a page; return the cookie with which the next one is asked for, empty after the last."""
        import sansldap

        for message in self._messages():
            if isinstance(message, sansldap.SearchResultEntry):
                entries.append({item.name: item.values for item in message.attributes})
            elif isinstance(message, sansldap.SearchResultDone):
                result = message.result
                if result.result_code != sansldap.LDAPResultCode.SUCCESS:
                    raise search_refusal(self._where, result.result_code.name, result.diagnostics_message)
                pages = [item for item in message.controls if isinstance(item, sansldap.PagedResultControl)]
                return pages[0].cookie if pages else b""
        return b""

    def unexpected(self, detail: str) -> ConnectionFailure:
        return ConnectionFailure(
            f"The search at {self._where} failed ({detail}).",
            code="unexpected_answer",
            remedy="Check active_directory.base, and that the account is allowed to read the users.",
        )

    def _bind_response(self) -> sansldap.BindResponse:
        import sansldap

        for message in self._messages():
            if isinstance(message, sansldap.BindResponse):
                return message
        raise self.unexpected("no answer to the bind")

    def _bound(self, response: sansldap.BindResponse, *, may_go_on: bool = False) -> None:
        import sansldap

        code = response.result.result_code
        if code == sansldap.LDAPResultCode.SUCCESS:
            return
        if may_go_on and code == sansldap.LDAPResultCode.SASL_BIND_IN_PROGRESS:
            return
        raise bind_refusal(self._where, code.name, response.result.diagnostics_message)

    # -- the socket ------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        data = self._session.data_to_send()
        if data and self._context is not None:
            sealed = self._context.wrap(data).data
            data = _LENGTH.pack(len(sealed)) + sealed
        self._socket.sendall(data)

    def _messages(self) -> Iterator[sansldap.LDAPMessage]:
        """Send what is waiting and yield what comes back; the caller stops when it has its answer."""
        try:
            with until(self._timeout + TRANSFER, self._end):
                self._send()
                while True:
                    data = self._socket.recv(_CHUNK)
                    if not data:
                        raise OSError("the connection was closed")
                    self._size += len(data)
                    if self._size > LARGEST_SEARCH:
                        raise AnswerTooLarge(LARGEST_SEARCH)
                    yield from self._received(data)
        except BoundExceeded as error:
            raise _told(beyond_bounds(error, self._where)) from error
        except OSError as error:
            raise self._interrupted(str(error)) from error

    def _received(self, data: bytes) -> list[sansldap.LDAPMessage]:
        """Return the messages that are complete: sansldap would put together what it has with each piece that comes."""
        messages: list[sansldap.LDAPMessage] = []
        try:
            self._waiting += self._opened(data)
            while (length := _message_length(self._waiting)) is not None and length <= len(self._waiting):
                messages += self._session.receive(bytes(self._waiting[:length]))
                del self._waiting[:length]
            return messages
        except (OSError, BoundExceeded):
            raise
        except Exception as error:
            # What pyspnego and sansldap raise for bytes that are no message of theirs has no common class.
            raise self._interrupted(f"its answer cannot be read: {type(error).__name__}") from error

    def _interrupted(self, reason: str) -> ConnectionFailure:
        return ConnectionFailure(
            f"The connection to {self._where} was interrupted ({reason}).",
            code="connection_lost",
            remedy="Run again.",
            retryable=True,
        )

    def _end(self) -> None:
        # Not SSLSocket's own, which takes the session away from who reads.
        socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _opened(self, data: bytes) -> bytes:
        """Return the plain bytes of all sealed messages that are complete."""
        if self._context is None:
            return data
        self._sealed += data
        plain = b""
        while len(self._sealed) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._sealed)
            if length > LARGEST_SEARCH:
                raise AnswerTooLarge(LARGEST_SEARCH)
            end = _LENGTH.size + length
            if len(self._sealed) < end:
                break
            plain += self._context.unwrap(bytes(self._sealed[_LENGTH.size : end])).data
            del self._sealed[:end]
        return plain
