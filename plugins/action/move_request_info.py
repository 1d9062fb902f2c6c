# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._unpacked import UnpackedAction as ActionModule

__all__ = ["ActionModule"]
