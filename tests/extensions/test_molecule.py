# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Molecule reads the scenario and its playbooks; ``make molecule`` runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.integration.harness import ROOT


def test_molecule_reads_the_scenario_and_its_playbooks(
    binaries: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [binaries / "molecule", "syntax"], cwd=ROOT / "extensions", capture_output=True, check=False, text=True,
        env={**environment, "MOLECULE_EPHEMERAL_DIRECTORY": str(tmp_path / "molecule"), "NO_COLOR": "1"}, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "successful=1" in done.stdout + done.stderr
