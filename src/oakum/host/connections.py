"""Which process of this machine holds a TCP connection, by the end of it that a server sees and the port it leads to.

Each network namespace has a table of its own (proc_pid_net(5)); a socket belongs to who has its inode open.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping
from contextlib import closing
from ipaddress import ip_address

from oakum.host.gauge import ProcessFolder
from oakum.host.listening import established, own_sockets
from oakum.model.admission import Endpoint, Folder

MAPPED = "::ffff:"


class LiveConnections:
    """Port Connections."""

    def owners(self, endpoints: Collection[Endpoint], reached: Collection[Endpoint]) -> Mapping[Endpoint, int]:
        ports = {port for _, port in reached if port}
        near = any(_is_here(host) for host, _ in reached)
        wanted = {each for each in endpoints if ports and (near or not _is_loopback(each[0]))}
        found = dict[Endpoint, int]()
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
                    inodes[network] = _wanted(folder, wanted, ports)
                if inodes[network]:
                    for inode in own_sockets(folder) & inodes[network].keys():
                        found.setdefault(inodes[network][inode], pid)
            except OSError:
                continue
            finally:
                folder.close()
        return found

    def folders(self, pid: int) -> tuple[Folder, Folder] | None:
        try:
            with closing(ProcessFolder(pid)) as folder:
                root, works = (os.stat(name, dir_fd=folder.fd) for name in ("root", "cwd"))
        except OSError:
            return None
        return (root.st_dev, root.st_ino), (works.st_dev, works.st_ino)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.removeprefix(MAPPED)).is_loopback
    except ValueError:
        return False


def _is_here(host: str) -> bool:
    """Whether a server at ``host`` runs on this machine. Nobody is asked for a name."""
    if host in {"", "localhost", socket.gethostname()} or _is_loopback(host):
        return True
    try:
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as own:
            own.bind((host, 0))
    except (OSError, ValueError):
        return False
    return True


def _pids() -> list[int]:
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def _wanted(folder: ProcessFolder, endpoints: set[Endpoint], ports: set[int]) -> dict[int, Endpoint]:
    rows = (
        (inode, (own.address.removeprefix(MAPPED), own.port))
        for inode, own, other in established(folder)
        if other.port in ports
    )
    return {inode: end for inode, end in rows if end in endpoints}
