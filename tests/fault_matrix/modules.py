# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the collection's modules as Ansible does, each in a process of its own, but forked and not started."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.testing import patch_module_args
from ansible_collections.mailops.exchange_hybrid.plugins import modules as collection_modules

PACKAGE = collection_modules.__name__
BROKEN = "MODULE FAILURE"

Result = dict[str, Any]


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(collection_modules.__path__))


def import_all() -> None:
    """Import them all, so that no forked process has to."""
    for name in names():
        importlib.import_module(f"{PACKAGE}.{name}")


def run(
    name: str,
    arguments: Mapping[str, Any],
    check: bool,
    errors: Path,
    started: Callable[[str, int], None] = lambda name, process: None,
) -> Result:
    """Return what a module returned. ``errors`` takes what it writes to standard error; ``started`` learns its process.

    What is no result is told as Ansible tells it: MODULE FAILURE, with what was printed.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        os.close(reader)
        _module(name, dict(arguments), check, writer, errors)
    os.close(writer)
    started(name, process)
    with open(reader, "rb") as stream:
        printed = stream.read()
    _process, status = _waited(process)
    try:
        result: Result = json.loads(printed)
    except ValueError:
        code = os.waitstatus_to_exitcode(status)
        return {"failed": True, "msg": BROKEN, "rc": code, "module_stdout": printed.decode("utf-8", "replace")}
    return result


def _waited(process: int) -> tuple[int, int]:
    try:
        return os.waitpid(process, 0)
    except ChildProcessError:
        return process, 0


def _module(name: str, arguments: dict[str, Any], check: bool, writer: int, errors: Path) -> None:
    """Be the module's process: never returns."""
    code = 1
    gc.disable()  # it would copy what the process shares with its parent, for a second's life
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(writer, 1)
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
        given = {**arguments, "_ansible_check_mode": check, "_ansible_diff": True, "_ansible_module_name": name}
        with patch_module_args(given):
            importlib.import_module(f"{PACKAGE}.{name}").main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    except BrokenPipeError:
        pass  # the run is gone, and nobody listens any more
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(code)
