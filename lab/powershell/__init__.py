# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real PowerShell in the laboratory: as a server, as a client, and as what runs the collection's scripts.

It needs ``pwsh`` on PATH. Nothing else in the laboratory does, and none of its servers starts one by itself.
"""
