# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands where Ansible expects a module's Python: has the module run by the server, with this process's own files.

It imports only what is built in, since it is started as often as a module.
"""

import _socket
import marshal
import os
import sys


def main() -> None:
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect(os.environ["TESTS_WARM_MODULES"])
    request = marshal.dumps((sys.argv[1:], os.getcwd(), dict(os.environ)))
    files = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
    server.sendmsg([len(request).to_bytes(4, sys.byteorder)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
    server.sendall(request)
    told = server.recv(4)
    if not told:
        os._exit(255)  # whoever waited for the module has been killed
    ended = int.from_bytes(told, sys.byteorder, signed=True)
    if ended < 0:
        os.kill(os.getpid(), -ended)
    os._exit(ended)


main()
