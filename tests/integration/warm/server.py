# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts ansible-playbook and modules by forking a Python that has imported the standard library and other libraries.

Importing them is half of what a module's start costs, and a third of ansible-playbook's. Nothing of the collection and
nothing of Ansible is imported here: both come from where they come from in a new process, a module's from its archive.

    server.py LISTENER DIRECTORY     # a socket, and where to make those for modules; serves until standard input ends

For each playbook a process is forked that begins a session, forks the playbook into it and serves its modules, so that
a signal to the session's process group reaches these, too. It is the parent of each module, with the same command line:
modules take it for their ansible-playbook, with which it begins and ends.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import marshal
import os
import select
import socket
import struct
import sys
import tempfile
import threading
import time
import types
from dataclasses import dataclass

import sitecustomize

# What ansible-playbook and the modules import, apart from Ansible and the collection. None of it starts a thread.
LIBRARIES = (
    "concurrent.futures.thread", "cryptography.hazmat.backends.openssl.backend", "cryptography.x509", "csv", "curses",
    "difflib", "glob", "html", "http.cookies", "jinja2.nativetypes", "jinja2.sandbox", "logging.handlers",
    "multiprocessing.connection", "multiprocessing.queues", "packaging.specifiers", "pty", "pypsrp.client", "requests",
    "resolvelib", "runpy", "sansldap", "smtplib", "syslog", "urllib.request", "winrm.protocol", "yaml", "zipfile",
)  # fmt: skip
MODULES = "TESTS_WARM_MODULES"  # the variable with the address at which a playbook's modules are started
LENGTH = struct.Struct("=i")


@dataclass(frozen=True)
class Work:
    """What is to be run, as its client asks for it: for itself, with its own files, directory and environment."""

    arguments: list[str]
    directory: str
    environment: dict[str, str]
    files: list[int]

    def take_over(self) -> None:
        """Make this process what one that begins with this work would be."""
        for number, file in enumerate(self.files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(self.directory)
        os.environ.clear()
        os.environ.update(self.environment)
        time.tzset()
        tempfile.tempdir = None
        sys.argv = self.arguments or [""]
        sys.path[0] = os.path.dirname(os.path.realpath(sys.argv[0])) if self.arguments else ""

    def run(self) -> None:
        """Run the script, which is on standard input where no argument names one."""
        path = sys.argv[0] or "<stdin>"
        with open(sys.argv[0] or 0, "rb", closefd=bool(self.arguments)) as stream:
            code = compile(stream.read(), path, "exec")
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        if self.arguments:
            main.__dict__["__file__"] = path
        exec(code, main.__dict__)

    def leave(self) -> None:
        """Run it and end as a process does, but for taking apart what all libraries have built up: that costs 25 ms."""
        status = 0
        try:
            self.run()
        except SystemExit as leaving:
            if not isinstance(leaving.code, int):
                raise
            status = leaving.code
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


@dataclass(frozen=True)
class Request:
    """A client that waits for its work's end."""

    connection: socket.socket

    def work(self) -> Work:
        head, files, _flags, _address = socket.recv_fds(self.connection, LENGTH.size, 3)
        with self.connection.makefile("rb") as stream:
            arguments, directory, environment = marshal.loads(stream.read(*LENGTH.unpack(head)))
        return Work(arguments, directory, environment, files)

    def tell(self, number: int) -> None:
        self.connection.sendall(LENGTH.pack(number))

    def tell_end_of(self, child: int) -> None:
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with contextlib.suppress(BrokenPipeError):  # a client that was killed asks no more
            self.tell(ended)


def serve(listener: socket.socket, lifeline: int) -> Request | None:
    """Fork for each request, and return it in the new process; in this one, return at the end of the lifeline."""
    children: list[int] = []
    while listener in select.select([listener, lifeline], [], [])[0]:
        connection, _address = listener.accept()
        sitecustomize.recall()
        child = os.fork()
        if not child:
            listener.close()
            os.close(lifeline)
            return Request(connection)
        connection.close()
        # Waiting for them counts what they cost as a cost of this process.
        children = [one for one in [*children, child] if os.waitpid(one, os.WNOHANG) == (0, 0)]
    for child in children:
        os.waitpid(child, 0)
    return None


def main() -> Work | None:
    """Return the work in the process that is to do it."""
    for name in LIBRARIES:
        importlib.import_module(name)
    sitecustomize.keep_what_is_written(sys.modules["jinja2"].Environment)
    gc.collect()
    gc.freeze()
    # A run is short and its memory is its own: what it would collect costs an eighth of it, and copies pages it shares.
    gc.disable()
    asked = serve(socket.socket(fileno=int(sys.argv[1])), os.dup(0))
    return of_playbook(asked, sys.argv[2]) if asked else None


def of_playbook(asked: Request, directory: str) -> Work | None:
    """Begin a playbook's session, and serve its modules until it ends and those that it has forked."""
    os.setsid()
    asked.tell(os.getpid())
    work = asked.work()
    address = os.path.join(directory, str(os.getpid()))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    lifeline, held_by_the_playbook = os.pipe()
    playbook = os.fork()
    if not playbook:
        asked.connection.close()
        listener.close()
        os.close(lifeline)
        work.environment[MODULES] = address
        return work
    for file in (held_by_the_playbook, *work.files):
        os.close(file)
    of_module = serve_modules(listener, lifeline)
    if of_module:
        asked.connection.close()
        work = of_module.work()
        of_module.connection.close()
        return work
    os.unlink(address)
    asked.tell_end_of(playbook)
    return None


def serve_modules(listener: socket.socket, lifeline: int) -> Request | None:
    """As ``serve``, and tell each client of its module's end."""
    running: dict[int, tuple[int, Request]] = {}
    served = [listener, lifeline]
    while served or running:
        for ready in select.select([*served, *running], [], [])[0]:
            if ready in running:
                child, request = running.pop(ready)
                os.close(ready)
                request.tell_end_of(child)
                request.connection.close()
            elif ready == lifeline:
                served = []
            else:
                request = Request(listener.accept()[0])
                sitecustomize.recall()
                child = os.fork()
                if not child:
                    close_all(listener, lifeline, running)
                    return request
                running[os.pidfd_open(child)] = child, request
    return None


def close_all(listener: socket.socket, lifeline: int, running: dict[int, tuple[int, Request]]) -> None:
    """Close what a module has no part in: a client waits until nobody can tell it anything any more."""
    listener.close()
    os.close(lifeline)
    for file, (_child, request) in running.items():
        os.close(file)
        request.connection.close()


if (work := main()) is not None:
    work.take_over()
    work.leave()
