"""Which process of this machine holds a TCP connection, by the end of it that a server sees.

Each network namespace has a table of its own (proc_pid_net(5)); a socket belongs to who has its inode open.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from oakum.host.gauge import ProcessFolder
from oakum.host.listening import ESTABLISHED, own_sockets, table
from oakum.model.admission import Endpoint

MAPPED = "::ffff:"


class LiveConnections:
    """Port Connections."""

    def owners(self, endpoints: Collection[Endpoint]) -> Mapping[Endpoint, int]:
        wanted, found = set(endpoints), dict[Endpoint, int]()
        inodes: dict[int, dict[int, Endpoint]] = {}
        for pid in _pids() if wanted else ():
            if len(found) == len(wanted):
                break
            try:
                folder = ProcessFolder(pid)
            except OSError:
                continue
            try:
                network = os.stat("ns/net", dir_fd=folder.fd).st_ino
                if network not in inodes:
                    inodes[network] = _wanted(folder, wanted)
                if inodes[network]:
                    for inode in own_sockets(folder) & inodes[network].keys():
                        found.setdefault(inodes[network][inode], pid)
            except OSError:
                continue
            finally:
                folder.close()
        return found


def _pids() -> list[int]:
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def _wanted(folder: ProcessFolder, endpoints: set[Endpoint]) -> dict[int, Endpoint]:
    rows = ((inode, (end.address.removeprefix(MAPPED), end.port)) for inode, end in table(folder, ESTABLISHED))
    return {inode: end for inode, end in rows if end in endpoints}
