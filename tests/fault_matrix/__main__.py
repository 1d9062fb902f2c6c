# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays the matrix: ``python -m tests.fault_matrix``. Each case in forked processes, two at a time."""

from __future__ import annotations

import sys

from ansible.plugins.loader import init_plugin_loader

from tests.fault_matrix import clock

clock.install()  # before the collection is imported, which takes the time as it finds it
init_plugin_loader()

from tests.fault_matrix import matrix  # noqa: E402

if __name__ == "__main__":
    sys.exit(matrix.main(sys.argv[1:]))
