r"""Looks at the processes of a container for an Oakum elsewhere; run by itself there, with the standard library only.

It is fed by its standard input and answers on its standard output, writes no file, and ends when its input is closed or
nobody asked for IDLE_S. It runs on any Python from 3.6 on, so annotations are texts, and what it imports is little: its
memory is the container's. Whatever it reads is of a process that is held open by its folder in /proc: a pid that was
given to another one is never mistaken for it. It is sent as one text, to where nothing of ours is installed: so it is
one file, whatever its length, and repeats what the adapters of ``host/`` have as well.

The protocol, version 1. A request is one line, ``ID VERB WORD ...\n``; a word is a decimal number, or bytes as
hexadecimal digits. ``H`` is a held process and ``K`` a connection, both numbered by whoever asks. Requests may be sent
without waiting; they are answered in order. An answer is one line, ``ID STATE SIZE SENT HASH\n``, and SENT bytes:

    STATE  ``ok``: the bytes as they are; ``zlib``: SIZE bytes, packed; ``no``: SIZE is an errno, the bytes its words
    HASH   BLAKE2b of 16 bytes over what is sent, in hexadecimal; ``-`` where nothing is

    hello                              lines ``name value``: protocol, pid, uid, page, ticks, up (s since boot)
    pids                               the numbers in /proc, a line each
    within NAME                        the numbers of those whose cgroup has that in its name, a line each
    hold H PID                         holds a process; its ``stat``
    drop H
    read H NAME MOST                   a file of /proc/PID, from its begin
    link H NAME                        where a link of /proc/PID points
    links H NAME                       the same of all in a folder: lines ``name target``, both in hexadecimal
    file H PATH MOST                   a regular file as the process sees it; no link leads out of its root
    opened H MOST                      of that many that it has open, a line each: NUMBER MODE FLAGS DEVICE INODE SIZE
                                       TARGET, the flags octal, the target in hexadecimal
    beside H PATH                      of the regular files in a folder as the process sees it, a line each: DEVICE
                                       INODE SIZE CHANGED NAME, CHANGED in seconds, the name in hexadecimal
    part H PATH DEVICE INODE AT SIZE   of a regular file as the process sees it, or of ``fd/NUMBER`` of its own; errno
                                       ESTALE where that is another file by now
    length H PATH DEVICE INODE         of the same, in bytes
    present H START PAGES              a byte for each page: 1 where it is in memory
    copy H START SIZE                  memory; fewer bytes where it ends or went away
    held H START SIZE                  memory; zeros where a page is not in memory: nothing is brought in for it
    mapped H START END INODE PATH OFFSET SIZE
                                       of the file behind a mapping; errno ENOENT where it cannot be opened, EINVAL
                                       where it is no regular file
    place H PATH                       what is there, as the process sees it: its mode, its user, the MAJOR:MINOR of its
                                       disk, and the bytes that are free there
    signal H NUMBER                    sent to that very process, and only if it handles it
    tcp K ADDRESS PORT [H]             a connection in the network of this container, or in that of a process
    push K BYTES
    shut K
    attach K F H MILLISECONDS PROGRAM REQUEST
                                       begins a process that asks a JVM (host/attach_program.py): what it answers, and
                                       then what the JVM replies, comes on K, and a file that the JVM writes on F; that
                                       is given up so long after its first byte, and the JVM goes on
    took F                             BYTES HASH SECONDS LATE: of such a file, from its first byte to its last
    fill SIZE SYMBOLS                  bytes of so many kinds by chance: how fast a connection is

What comes on a connection is told unasked, as ``sK``; without bytes it has ended. No answer is larger than PIECE.
"""

import errno
import os
import resource
import select
import signal
import socket
import stat
import sys
import time
import zlib
from contextlib import suppress

try:
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

PROTOCOL = 1
IDLE_S = 300
PIECE = 1 << 20
LINE_BYTES = 1 << 20
MOST_BYTES = 32 << 20
"""Of its own it never takes more: what it must not be is what the container dies of."""

PAGE = resource.getpagesize()
HIGH = 7 if sys.byteorder == "little" else 0
BIT = bytes(128) + b"\1" * 128
LINKS = 40
NAMES = 10_000
"""Of a folder with more files the first so many are told."""

NEW_NET = 0x40000000
"""CLONE_NEWNET of sched.h."""

CALL = "\ngo(dict(json.loads(ASKED), **GIVEN))\n"
ENDS_S = 15
"""An errand that nobody waits for ends in this time."""

TRIED = 4096
"""So much of an answer tells whether all of it is worth packing; less is sent as it is."""

GONE = {errno.ESRCH, errno.ENOENT}


class Process:
    """An open /proc/PID: the kernel ties it to the process, not to its number."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.fd = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)
        self.opened = {}  # type: dict[object, int]

    def kept(self, name: str) -> int:
        if name not in self.opened:
            self.opened[name] = os.open(name, os.O_RDONLY, dir_fd=self.fd)
        return self.opened[name]

    def read(self, name: str, most: int) -> bytes:
        fd = os.open(name, os.O_RDONLY, dir_fd=self.fd)
        try:
            return whole(fd, most)
        finally:
            os.close(fd)

    def check(self) -> None:
        """Raises OSError when it has ended: memory that was read just before may then be nobody's."""
        os.stat("stat", dir_fd=self.fd)

    def close(self) -> None:
        for fd in self.opened.values():
            if fd >= 0:
                os.close(fd)
        os.close(self.fd)


def whole(fd: int, most: int) -> bytes:
    parts = []
    while most > 0:
        part = os.read(fd, min(most, PIECE))
        if not part:
            break
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


class Agent:
    def __init__(self) -> None:
        self.held = {}  # type: dict[int, Process]
        self.joined = {}  # type: dict[int, socket.socket | Errand | File]
        self.files = {}  # type: dict[int, File]
        self.errands = []  # type: list[Errand]
        signal.signal(signal.SIGALRM, self.late)

    def run(self) -> None:
        poll = select.poll()
        poll.register(0, select.POLLIN)
        rest = b""
        while True:
            for fd, _ in poll.poll():
                self.arm()
                if fd:
                    self.heard(fd, poll)
                    continue
                came = os.read(0, PIECE)
                if not came or len(rest) > LINE_BYTES:
                    return
                lines = (rest + came).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    self.answer(line.decode("ascii").split(), poll)

    def arm(self) -> None:
        """Whatever is not done in this time, waiting for a reader too, ends all; a file that comes, in its own."""
        now = time.monotonic()
        left = [made.until - now for made in self.files.values() if made.until]
        signal.setitimer(signal.ITIMER_REAL, max(0.001, min([IDLE_S, *left])))

    def late(self, *_: object) -> None:
        now = time.monotonic()
        over = [made for made in self.files.values() if made.until and made.until <= now]
        if not over:
            os._exit(1)
        for made in over:
            made.give_up()
        self.arm()

    def answer(self, words: "list[str]", poll: "select.poll") -> None:
        name, verb = words[0], words[1]
        try:
            told = getattr(self, "do_" + verb)(poll, *words[2:])
        except (OSError, ValueError, OverflowError) as exc:
            number = getattr(exc, "errno", None) or errno.EINVAL
            say(name, "no", number, str(exc).encode("utf-8", "replace"))
            return
        self.send(name, told or b"")

    def send(self, name: str, told: bytes) -> None:
        """Packed where that halves its begin and its middle."""
        middle = len(told) // 2
        tried = told[:TRIED] + told[middle : middle + TRIED]
        if len(told) < TRIED or len(zlib.compress(tried, 1)) > len(tried) // 2:
            say(name, "ok", len(told), told)
        else:
            say(name, "zlib", len(told), zlib.compress(told, 1))

    def heard(self, fd: int, poll: "select.poll") -> None:
        for number, made in list(self.joined.items()):
            if made.fileno() != fd:
                continue
            try:
                came = made.recv(PIECE)
            except BlockingIOError:
                continue
            except OSError:
                came = b""
            if isinstance(made, Errand) and made.handed:
                self.handed(number, made, poll)
            elif not came:
                self.part(poll, number)
            self.arm()
            self.send(f"s{number}", came)

    def handed(self, number: int, errand: "Errand", poll: "select.poll") -> None:
        """The JVM was asked: its reply comes in the place of the errand's words."""
        poll.unregister(errand.fileno())
        self.join(poll, str(number), socket.socket(fileno=errand.handed[0]))
        if len(errand.handed) > 1:
            self.files[errand.file] = File(errand.handed[1], errand)
            self.join(poll, str(errand.file), self.files[errand.file])
        else:
            errand.close()

    def finish(self) -> None:
        """What errands make they remove, once nobody waits for them; where this is a container's only program, they
        end with it.
        """
        for errand in self.errands:
            errand.finish()

    def do_hello(self, _: object) -> bytes:
        told = {
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "uid": os.geteuid(),
            "page": PAGE,
            "ticks": os.sysconf("SC_CLK_TCK"),
            "up": time.clock_gettime(7),
            "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
            "yama": yama(),
        }
        return "".join(f"{name} {value}\n" for name, value in told.items()).encode("ascii")

    def do_pids(self, _: object) -> bytes:
        return "\n".join(name for name in os.listdir("/proc") if name.isdigit()).encode("ascii")

    def do_within(self, _: object, name: str) -> bytes:
        """All that is read of the others is which cgroup they are in. A runtime's own monitor is named after the
        container that it serves (CRI-O's conmon), and is none of it.
        """
        wanted, found = os.fsencode(text(name)), []
        for pid in os.listdir("/proc"):
            if not pid.isdigit():
                continue
            try:
                fd = os.open(f"/proc/{pid}/cgroup", os.O_RDONLY)
            except OSError:
                continue
            try:
                told = whole(fd, 1 << 16)
            except OSError:
                continue
            finally:
                os.close(fd)
            if wanted in told and b"conmon-" + wanted not in told:
                found.append(pid)
        return "\n".join(found).encode("ascii")

    def do_hold(self, _: object, name: str, pid: str) -> bytes:
        process = Process(int(pid))
        try:
            told = process.read("stat", 4096)
        except OSError:
            process.close()
            raise
        self.held[int(name)] = process
        return told

    def do_drop(self, _: object, name: str) -> None:
        process = self.held.pop(int(name), None)
        if process is not None:
            process.close()

    def of(self, name: str) -> Process:
        if int(name) not in self.held:
            raise OSError(errno.ESRCH, "it is not held")
        return self.held[int(name)]

    def do_read(self, _: object, process: str, name: str, most: str) -> bytes:
        return self.of(process).read(text(name), min(int(most), 16 * PIECE))

    def do_link(self, _: object, process: str, name: str) -> bytes:
        return os.fsencode(os.readlink(text(name), dir_fd=self.of(process).fd))

    def do_links(self, _: object, process: str, name: str) -> bytes:
        fd = os.open(text(name), os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.of(process).fd)
        rows = []
        try:
            for entry in os.listdir(fd):
                try:
                    rows.append(f"{hexed(entry)} {hexed(os.readlink(entry, dir_fd=fd))}")
                except OSError:
                    continue
        finally:
            os.close(fd)
        return "\n".join(rows).encode("ascii")

    def do_file(self, _: object, process: str, path: str, most: str) -> bytes:
        fd = regular(f"/proc/self/fd/{self.of(process).fd}/root", text(path))
        try:
            return whole(fd, min(int(most), 16 * PIECE))
        finally:
            os.close(fd)

    def do_opened(self, _: object, process: str, most: str) -> bytes:
        held, rows = self.of(process), []
        fd = os.open("fd", os.O_RDONLY | os.O_DIRECTORY, dir_fd=held.fd)
        try:
            for number in sorted(int(entry) for entry in os.listdir(fd))[: int(most)]:
                with suppress(OSError, ValueError, IndexError):
                    told, target = os.stat(str(number), dir_fd=fd), os.readlink(str(number), dir_fd=fd)
                    flags = held.read(f"fdinfo/{number}", 4096).split(b"flags:", 1)[1].split()[0].decode("ascii")
                    place = f"{told.st_mode} {flags} {told.st_dev} {told.st_ino} {told.st_size}"
                    rows.append(f"{number} {place} {hexed(target)}")
        finally:
            os.close(fd)
        return "\n".join(rows).encode("ascii")

    def do_beside(self, _: object, process: str, path: str) -> bytes:
        place = walk(f"/proc/self/fd/{self.of(process).fd}/root", text(path))
        try:
            fd = os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_DIRECTORY)
        finally:
            os.close(place)
        rows = []
        try:
            for name in os.listdir(fd)[:NAMES]:
                with suppress(OSError):
                    told = os.stat(name, dir_fd=fd, follow_symlinks=False)
                    if stat.S_ISREG(told.st_mode):
                        row = f"{told.st_dev} {told.st_ino} {told.st_size} {int(told.st_mtime)} {hexed(name)}"
                        rows.append(row)
        finally:
            os.close(fd)
        return "\n".join(rows).encode("ascii")

    def do_part(self, _: object, name: str, path: str, *words: str) -> bytes:
        device, inode, at, size = map(int, words)
        return os.pread(very(self.of(name), text(path), (device, inode)), max(0, min(size, PIECE)), at)

    def do_length(self, _: object, name: str, path: str, device: str, inode: str) -> bytes:
        return str(os.fstat(very(self.of(name), text(path), (int(device), int(inode)))).st_size).encode("ascii")

    def do_present(self, _: object, name: str, start: str, pages: str) -> bytes:
        process = self.of(name)
        process.check()
        return present(process, int(start), min(int(pages), PIECE // 8))

    def do_copy(self, _: object, name: str, start: str, size: str) -> bytes:
        process = self.of(name)
        told = copied(process, int(start), min(int(size), PIECE))
        process.check()
        return told

    def do_held(self, _: object, name: str, start: str, size: str) -> bytes:
        process, begin = self.of(name), int(start)
        end = begin + min(int(size), PIECE)
        first = begin // PAGE * PAGE
        there = present(process, first, (end - first + PAGE - 1) // PAGE)
        parts, at, index = [], begin, 0
        while index < len(there):
            # Pages of one kind that lie side by side.
            after = there.find(b"\0" if there[index] else b"\1", index)
            after = len(there) if after < 0 else after
            until = min(end, first + after * PAGE)
            part = copied(process, at, until - at) if there[index] else b""
            parts.append(part + bytes(until - at - len(part)))
            at, index = until, after
        process.check()
        return b"".join(parts)

    def do_mapped(self, _: object, name: str, *words: str) -> bytes:
        process = self.of(name)
        start, end, inode, path, offset, size = words
        key = (inode, path)
        if key not in process.opened:
            process.opened[key] = behind(process, (int(start), int(end)), int(inode), text(path))
        fd = process.opened[key]
        if fd < 0:
            raise OSError(-fd, "the file behind the mapping cannot be opened")
        return os.pread(fd, max(0, min(int(size), PIECE)), int(offset))

    def do_place(self, _: object, name: str, path: str) -> bytes:
        fd = walk(f"/proc/self/fd/{self.of(name).fd}/root", text(path))
        try:
            found, room = os.fstat(fd), os.fstatvfs(fd)
        finally:
            os.close(fd)
        disk = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}"
        return f"{found.st_mode} {found.st_uid} {disk} {room.f_bavail * room.f_frsize}".encode("ascii")

    def do_signal(self, _: object, name: str, number: str) -> None:
        process = self.of(name)
        held = descriptor(process.pid)
        try:
            # Looked at right before it is sent: without a handler it would end the process. What is held is read, so
            # a descriptor that was opened before is one of the same process.
            for line in process.read("status", 1 << 16).split(b"\n"):
                if line.startswith(b"SigCgt:") and not int(line.split()[1], 16) >> (int(number) - 1) & 1:
                    raise OSError(errno.EPERM, "it does not handle that signal")
            if held is None:
                os.kill(process.pid, int(number))
            else:
                signal.pidfd_send_signal(held, int(number))
        finally:
            if held is not None:
                os.close(held)

    def do_tcp(self, poll: "select.poll", name: str, address: str, port: str, *inside: str) -> None:
        where = (text(address), int(port))
        if not inside:
            self.join(poll, name, socket.create_connection(where, timeout=5))
            return
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            enter(self.of(inside[0]).kept("ns/net"))
            try:
                made = socket.create_connection(where, timeout=5)
            finally:
                enter(own)
        finally:
            os.close(own)
        self.join(poll, name, made)

    def do_attach(self, poll: "select.poll", *words: str) -> None:
        name, file, process, within, program, request = words
        errand = Errand(self.of(process), int(file), int(within) / 1000, (text(program), text(request)))
        self.errands = [*(each for each in self.errands if each.fileno() >= 0), errand]
        self.join(poll, name, errand)

    def do_took(self, _: object, name: str) -> bytes:
        made = self.files.pop(int(name), None)
        if made is None:
            raise OSError(errno.ESRCH, "no such file comes")
        made.errand.leave()
        seconds = made.ended - made.begun
        return f"{made.size} {made.hash.hexdigest()} {seconds:.6f} {int(made.late)}".encode("ascii")

    def do_fill(self, _: object, size: str, symbols: str) -> bytes:
        kinds = int(symbols)
        return os.urandom(min(int(size), PIECE)).translate(bytes(each % kinds for each in range(256)))

    def join(self, poll: "select.poll", name: str, made: "socket.socket | Errand | File") -> None:
        self.joined[int(name)] = made
        poll.register(made.fileno(), select.POLLIN)

    def do_push(self, _: object, name: str, data: str) -> None:
        made = self.joined.get(int(name))
        if not isinstance(made, socket.socket):
            raise OSError(errno.EPIPE, "the connection has ended")
        made.sendall(bytes.fromhex(data))

    def do_shut(self, poll: "select.poll", name: str) -> None:
        file = self.files.pop(int(name), None)
        if file is not None:
            file.errand.leave()
        self.part(poll, int(name))

    def part(self, poll: "select.poll", number: int) -> None:
        made = self.joined.pop(number, None)
        if made is not None:
            poll.unregister(made.fileno())
            made.close()


class Errand:
    """A process that asks a JVM as the JVM's own user, and goes on when this one dies: what it makes, it removes."""

    def __init__(self, process: Process, file: int, within: float, what: "tuple[str, str]") -> None:
        self.file, self.within, self.handed = file, within, []  # type: int, float, list[int]
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        tmp = walk(f"/proc/self/fd/{process.fd}/root", "tmp")
        fds = {"answer": theirs.fileno(), "folder": process.fd, "tmp": tmp, "cwd": None, "pidfd": None}
        try:
            with suppress(OSError):
                fds["cwd"] = os.open("cwd", os.O_PATH | os.O_DIRECTORY, dir_fd=process.fd)
            fds["pidfd"] = descriptor(process.pid)
            process.check()
            child = os.fork()
            if not child:
                go(fds, *what)
            os.waitpid(child, 0)
        finally:
            theirs.close()
            for fd in (tmp, fds["cwd"], fds["pidfd"]):
                if fd is not None:
                    os.close(fd)

    def fileno(self) -> int:
        return self.ours.fileno()

    def recv(self, size: int) -> bytes:
        told, rights, _, _ = self.ours.recvmsg(size, socket.CMSG_SPACE(8))
        for level, kind, data in rights:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self.handed += [
                    int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data) // 4 * 4, 4)
                ]
        return told

    def leave(self) -> None:
        """It is told that nobody waits any more."""
        with suppress(OSError):
            self.ours.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.ours.close()

    def finish(self) -> None:
        self.leave()
        with suppress(OSError):
            self.ours.settimeout(ENDS_S)
            while self.ours.recv(PIECE):
                pass


class File:
    """What a JVM writes into an errand's pipe. It stands still as long as nobody reads."""

    def __init__(self, fd: int, errand: Errand) -> None:
        self.fd, self.errand, self.size, self.late = fd, errand, 0, False
        self.begun = self.ended = self.until = 0.0
        self.hash = blake2b(digest_size=16)

    def fileno(self) -> int:
        return self.fd

    def recv(self, size: int) -> bytes:
        came = os.read(self.fd, size)
        self.ended = time.monotonic()
        if not self.begun:
            self.begun, self.until = self.ended, self.ended + self.errand.within
        self.size += len(came)
        self.hash.update(came)
        return came

    def give_up(self) -> None:
        """Its writer finds a closed pipe, and goes on; the errand has it open too."""
        self.late, self.until = True, 0.0
        self.errand.leave()
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, self.fd)
        os.close(nowhere)

    def close(self) -> None:
        self.until = 0.0
        os.close(self.fd)


def go(fds: "dict[str, int | None]", program: str, request: str) -> None:
    """In a child: it has nothing of this process open but what it was given, and forks once more."""
    try:
        os.setsid()
        kept = {0, 1, 2, *fds.values()}
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in kept:
                with suppress(OSError):
                    os.close(int(name))
        names = {"__name__": "oakum.attach", "ASKED": request, "GIVEN": fds}
        exec(compile(program + CALL, "attach", "exec"), names)  # noqa: S102  (sent by whoever sent this program)
    finally:
        os._exit(0)


def descriptor(pid: int) -> "int | None":
    """None on a Python that knows none, or a kernel: then what is held is looked at right before a signal."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def enter(network: int) -> None:
    """The network namespace of this thread, the only one. It needs all rights."""
    if hasattr(os, "setns"):
        os.setns(network, NEW_NET)
        return
    import ctypes  # noqa: PLC0415  (dear, and rarely wanted)

    if ctypes.CDLL(None, use_errno=True).setns(network, NEW_NET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def yama() -> int:
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope") as file:  # noqa: PTH123  (pathlib is dear)
            return int(file.read())
    except (OSError, ValueError):
        return 0


def text(word: str) -> str:
    return os.fsdecode(bytes.fromhex(word))


def hexed(name: str) -> str:
    return os.fsencode(name).hex()


def say(name: str, state: str, size: int, sent: bytes) -> None:
    mark = blake2b(sent, digest_size=16).hexdigest() if sent else "-"
    left = memoryview(f"{name} {state} {size} {len(sent)} {mark}\n".encode("ascii") + sent)
    while left:
        try:
            left = left[os.write(1, left) :]
        except BlockingIOError:
            wait()


def wait() -> None:
    """Until there is room again. Nodes keep the reading end open when whoever asked is gone: the input tells."""
    poll = select.poll()
    poll.register(1, select.POLLOUT)
    poll.register(0, 0)
    for fd, _ in poll.poll():
        if not fd:
            raise ConnectionError


def present(process: Process, start: int, pages: int) -> bytes:
    raw = os.pread(process.kept("pagemap"), pages * 8, start // PAGE * 8)
    # The highest bit of each entry of eight bytes.
    return raw[HIGH::8].translate(BIT).ljust(pages, b"\0")


def copied(process: Process, start: int, size: int) -> bytes:
    try:
        return os.pread(process.kept("mem"), size, start)
    except OSError as exc:
        if exc.errno in (errno.EIO, errno.EFAULT):
            return b""
        raise


def behind(process: Process, bounds: "tuple[int, int]", inode: int, path: str) -> int:
    """A descriptor, or a negative errno. The place is held before it is opened: a mapped device must not be."""
    for name in (f"map_files/{bounds[0]:x}-{bounds[1]:x}", "exe"):
        try:
            place = os.open(name, os.O_PATH, dir_fd=process.fd)
        except OSError:
            continue
        try:
            status = os.fstat(place)
            if name == "exe" and (status.st_ino, os.readlink(name, dir_fd=process.fd)) != (inode, path):
                continue
            if not stat.S_ISREG(status.st_mode):
                return -errno.EINVAL
            return os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue
        finally:
            os.close(place)
    try:
        fd = regular(f"/proc/self/fd/{process.fd}/root", path)
    except (OSError, ValueError):
        return -errno.ENOENT
    if os.fstat(fd).st_ino == inode:
        return fd
    os.close(fd)
    return -errno.ENOENT


def regular(root: str, path: str) -> int:
    fd = walk(root, path)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK)
    finally:
        os.close(fd)


def very(process: Process, path: str, identity: "tuple[int, int]") -> int:
    """A descriptor of that very file, kept: by the number that the process has of it, or by its name."""
    if identity in process.opened:
        return process.opened[identity]
    if path.startswith("fd/"):
        # What is no regular file must not be opened: a pipe would take what is meant for its reader.
        place = os.open(path, os.O_PATH, dir_fd=process.fd)
        try:
            if not stat.S_ISREG(os.fstat(place).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            fd = os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_NONBLOCK)
        finally:
            os.close(place)
    else:
        fd = regular(f"/proc/self/fd/{process.fd}/root", path)
    told = os.fstat(fd)
    if (told.st_dev, told.st_ino) != identity:
        os.close(fd)
        raise OSError(errno.ESTALE, "it is another file by now", path)
    process.opened[identity] = fd
    return fd


def walk(root: str, path: str) -> int:
    """An O_PATH descriptor below ``root``. Links are resolved here, so that none leads out of it."""
    folders = [os.open(root, os.O_PATH | os.O_DIRECTORY)]
    names, links = parts_of(path), 0
    try:
        while names:
            name = names.pop()
            if name == "..":
                if len(folders) > 1:
                    os.close(folders.pop())
                continue
            fd = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=folders[-1])
            folders.append(fd)
            if not stat.S_ISLNK(os.fstat(fd).st_mode):
                continue
            links += 1
            if links > LINKS:
                raise OSError(errno.ELOOP, "too many symbolic links", path)
            target = os.readlink("", dir_fd=fd)
            os.close(folders.pop())
            names += parts_of(target)
            if target.startswith("/"):
                for each in folders[1:]:
                    os.close(each)
                del folders[1:]
        return folders.pop()
    finally:
        for each in folders:
            os.close(each)


def parts_of(path: str) -> "list[str]":
    """Last name first: a stack."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def modest() -> None:
    """Whatever becomes scarce, it goes before the program that it looks at."""
    with suppress(OSError):
        os.nice(5)
    with suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    modest()
    os.set_blocking(1, False)
    agent = Agent()
    agent.arm()
    with suppress(BrokenPipeError, ConnectionError):  # whoever asked is gone
        agent.run()
    agent.finish()


if __name__ == "__main__":
    main()
