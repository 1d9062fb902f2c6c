# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A domain controller's LDAPS port, or the global catalog's: simple bind, and searches. It writes nothing.

It answers with the attributes that the model keeps (``Lookup``); anything else of LDAP ends the connection. What proves
the collection's reader is a real Samba domain controller in the tests; this one has the lab's people behind it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence

import sansldap

from lab.wire.basic_auth import Account

Entry = Mapping[str, Sequence[bytes]]
# Attributes by name of the objects below a base whose attribute has that value.
Lookup = Callable[[str, str, bytes], list[Entry]]
_SD_FLAGS = "1.2.840.113556.1.4.801"
# As a domain controller says it, a zero byte at the end: 52e is a wrong name or a wrong password.
_REFUSED = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563\x00"
_CHUNK = 65536
# MaxPageSize of the default query policy ([MS-ADTS] 3.1.1.3.4.6): no answer, and no page of one, has more entries.
PAGE = 1000


class LdapServer:
    """One thread a connection. ``root`` is the root DSE."""

    def __init__(self, account: Account, lookup: Lookup, root: Entry, tls: ssl.SSLContext, *, port: int = 0) -> None:
        self._account = account
        self._lookup = lookup
        self._root = root
        self._tls = tls
        self._wanted_port = port
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """The port, once the server runs."""
        if self._listener is None:
            raise RuntimeError("the server does not run")
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Listen on 127.0.0.1. Raises OSError where the port is taken."""
        self._listener = socket.create_server(("127.0.0.1", self._wanted_port))
        self._begin(self._accept, self._listener)

    def stop(self) -> None:
        """Close the port and every connection."""
        listener, self._listener = self._listener, None
        for open_socket in [*([listener] if listener else []), *self._connections]:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _begin(self, work: Callable[[socket.socket], None], with_socket: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(with_socket,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            self._begin(self._serve, connection)

    def _serve(self, raw: socket.socket) -> None:
        self._connections.add(raw)
        try:
            # Otherwise the first answer waits for the client to acknowledge the session tickets of TLS.
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._tls.wrap_socket(raw, server_side=True) as connection:
                self._talk(connection)
        except OSError:
            pass  # the client went away, or does not trust us
        finally:
            self._connections.discard(raw)
            raw.close()

    def _talk(self, connection: ssl.SSLSocket) -> None:
        session = sansldap.LDAPServer()
        bound = False
        while True:
            data = connection.recv(_CHUNK)
            if not data:
                return
            try:
                messages = session.receive(data)
            except sansldap.ProtocolError:
                return  # an unbind, or something that is not LDAP
            for message in messages:
                if isinstance(message, sansldap.BindRequest):
                    bound = self._bind(session, message)
                elif isinstance(message, sansldap.SearchRequest):
                    self._search(session, message, bound)
                else:
                    return
            connection.sendall(session.data_to_send())

    def _bind(self, session: sansldap.LDAPServer, message: sansldap.BindRequest) -> bool:
        given = message.authentication
        name = message.name.lower()
        # CONTOSO\\svc and svc@contoso.com are the same account to a domain controller.
        domain, _slash, user = self._account.username.lower().partition("\\")
        same = name == self._account.username.lower() or name == f"{user}@{domain}.com"
        known = isinstance(given, sansldap.SimpleCredential) and given.password == self._account.password
        code = sansldap.LDAPResultCode.SUCCESS if same and known else sansldap.LDAPResultCode.INVALID_CREDENTIALS
        told = "" if same and known else _REFUSED
        session.bind_response(message.message_id, result_code=code, diagnostics_message=told)
        return same and known

    def _search(self, session: sansldap.LDAPServer, message: sansldap.SearchRequest, bound: bool) -> None:
        number = message.message_id
        if not message.base_object and message.scope == sansldap.SearchScope.BASE:
            wanted = {name.lower() for name in message.attributes}
            told = [
                sansldap.PartialAttribute(name, list(values))
                for name, values in self._root.items()
                if name.lower() in wanted
            ]
            session.search_result_entry(number, "", told)
            session.search_result_done(number)
        elif not bound:
            session.search_result_done(number, sansldap.LDAPResultCode.OPERATIONS_ERROR)
        else:
            self._answer(session, message)

    def _answer(self, session: sansldap.LDAPServer, message: sansldap.SearchRequest) -> None:
        """Answer with a page, where pages are asked for; without, with as many entries as one page has."""
        # Without the control the owner and the audit list are asked for too, and the descriptor is withheld.
        shows_descriptor = any(control.control_type == _SD_FLAGS for control in message.controls)
        parts = _equalities(message.filter)
        found = [entry for part in parts for entry in self._lookup(message.base_object, part.attribute, part.value)]
        # An object that several parts of the filter fit is one entry.
        entries = list({held["objectGUID"][0]: held for held in found}.values())
        paging = next((item for item in message.controls if isinstance(item, sansldap.PagedResultControl)), None)
        start = int(paging.cookie or b"0") if paging else 0
        end = start + (min(paging.size, PAGE) if paging else PAGE)
        for item in entries[start:end]:
            self._entry(session, message, item, shows_descriptor)
        left = end < len(entries)
        if paging:
            next_page = sansldap.PagedResultControl(False, len(entries), str(end).encode() if left else b"")
            session.search_result_done(message.message_id, controls=[next_page])
            return
        code = sansldap.LDAPResultCode.SIZE_LIMIT_EXCEEDED if left else sansldap.LDAPResultCode.SUCCESS
        session.search_result_done(message.message_id, code)

    def _entry(
        self,
        session: sansldap.LDAPServer,
        message: sansldap.SearchRequest,
        found: Mapping[str, Sequence[bytes]],
        shows_descriptor: bool,
    ) -> None:
        wanted = {name.lower() for name in message.attributes}
        if not shows_descriptor:
            wanted.discard("ntsecuritydescriptor")
        shown = [
            sansldap.PartialAttribute(name, list(values)) for name, values in found.items() if name.lower() in wanted
        ]
        session.search_result_entry(message.message_id, found["distinguishedName"][0].decode(), shown)


def _equalities(wanted: sansldap.LDAPFilter) -> list[sansldap.FilterEquality]:
    """Return the parts of a filter of equalities joined by or."""
    parts = wanted.filters if isinstance(wanted, sansldap.FilterOr) else [wanted]
    return [part for part in parts if isinstance(part, sansldap.FilterEquality)]
