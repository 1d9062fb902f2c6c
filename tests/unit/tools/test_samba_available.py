# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samba without the templates of a domain is not complete."""

from __future__ import annotations

from pathlib import Path

from tests.integration.samba import available


def test_the_templates_of_a_domain_belong_to_samba(tmp_path: Path) -> None:
    templates = tmp_path / "provision.ldif"
    assert "samba-ad-provision" in available.not_installed(templates)
    templates.touch()
    assert "samba-ad-provision" not in available.not_installed(templates)
