# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One job as automation controllers run it: the argument is what ansible-runner takes, as JSON."""

from __future__ import annotations

import json
import sys

import ansible_runner


def main() -> int:
    runner = ansible_runner.run(**json.loads(sys.argv[1]))
    hosts = sorted(runner.stats["ok"]) if runner.stats else []
    print(f"\n{runner.status} {' '.join(hosts)}")
    return int(runner.rc)


if __name__ == "__main__":
    sys.exit(main())
