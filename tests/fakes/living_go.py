"""The memory of a small Go program, laid out as its runtime does: an executable, goroutines, stacks, a heap."""

from __future__ import annotations

import struct

from fake_machine import FakePiece

BASE, TEXT, TABLE, CONSTANT, DATA, TABLES, SIZE = 0x400000, 0x1000, 0x2000, 0x4000, 0x5000, 0x7000, 0x9000
HEAP, STACKS, SPANS, LISTS = 0xC000000000, 0xC100000000, 0x7F0000000000, 0x7F0000100000
WAITS, QUEUED, CHANNEL = 0x7F0000200000, 104, 96
PAGE, STACK, GOROUTINE, SPAN, GOROUTINES = 8192, 2048, 448, 160, 400
FUNCTIONS = (
    ("runtime.goexit", "/go/src/runtime/asm_amd64.s", 1700, 0),
    ("runtime.gopark", "/go/src/runtime/proc.go", 462, 24),
    ("runtime.chansend1", "/go/src/runtime/chan.go", 161, 40),
    ("main.ask", "/srv/shop/fetch.go", 15, 56),
    ("main.fetch", "/srv/shop/fetch.go", 7, 72),
    ("main.remember", "/srv/shop/sessions.go", 31, 40),
)
LENGTH = 0x100
REASONS = ("", "GC assist marking", "IO wait", "chan receive (nil chan)", "chan send", "chan receive")
SEND, RECEIVE = REASONS.index("chan send"), REASONS.index("chan receive")
SESSIONS_AT, ALL_AT, SPANS_AT, REASONS_AT, MODULE_AT = 0x100, 0x200, 0x300, 0x400, 0x800
G_STATUS, G_NUMBER, G_REASON, G_MADE, G_STARTS, G_WAITING = 144, 152, 176, 288, 304, 320


def number(value: int) -> bytes:
    raw = b""
    while value >= 128:
        raw, value = raw + bytes([value & 127 | 128]), value >> 7
    return raw + bytes([value])


def always(value: int) -> bytes:
    """A table of changes that has one value for a whole function."""
    change = value + 1
    return number(change << 1 if change >= 0 else -change << 1 ^ 1) + number(LENGTH) + b"\0"


def lines_table() -> bytes:
    names = files = b""
    counts, rows, places = b"\0", b"", []
    units = b""
    for at, (name, file, line, frame) in enumerate(FUNCTIONS):
        places.append((at * LENGTH, len(rows)))
        offsets = []
        for value in (frame, 0, line):
            offsets.append(len(counts))
            counts += always(value)
        row = struct.pack("<IiiI", at * LENGTH, len(names), 0, 0)
        rows += row + struct.pack("<5IiBBBB", *offsets, 0, at, line, 0, 0, 0, 0)
        units += struct.pack("<I", len(files))
        names, files = names + name.encode() + b"\0", files + file.encode() + b"\0"
    head, listed = 72, 8 * len(FUNCTIONS) + 4
    entries = b"".join(struct.pack("<II", entry, listed + offset) for entry, offset in places)
    entries += struct.pack("<I", len(FUNCTIONS) * LENGTH)
    parts, at = [], head
    for part in (names, units, files, counts, entries + rows):
        parts.append(at)
        at += len(part)
    header = struct.pack("<IHBB8Q", 0xFFFFFFF1, 0, 1, 8, len(FUNCTIONS), len(FUNCTIONS), 0, *parts)
    return header + names + units + files + counts + entries + rows


class LivingGo:
    """``version``: what its build information says. ``stripped``: without names of variables."""

    def __init__(self, version: str = "go1.26.8", *, stripped: bool = False, machine: int = 62) -> None:
        self.file = bytearray(SIZE)
        self.heap, self.stacks = bytearray(512 * PAGE), bytearray(1 << 20)
        self.spans, self.lists = bytearray(1 << 17), bytearray(1 << 16)
        self.waits, self.queued, self.channels = bytearray(1 << 17), 0, 0
        self.goroutines, self.pages, self.sessions = 0, 0, 0
        self._executable(2 if not stripped else 0, machine)
        build = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + bytes([len(version)]) + version.encode()
        self.file[CONSTANT + 0x800 : CONSTANT + 0x800 + len(build)] = build
        self.main()
        for _ in range(8):
            # A heap has some pages of everything: objects of 64 bytes without pointers.
            self.span(64, pointing=False)
        self.cache = self.span(4096, pointing=True)

    def _executable(self, symbols_kind: int, machine: int) -> None:
        table = lines_table()
        self.file[TABLE : TABLE + len(table)] = table
        self.file[: 64] = struct.pack(
            "<4s5B7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 2, machine, 1, BASE + TEXT, 64, TABLES, 0, 64, 56, 1, 64,
            5, 1,
        )  # fmt: skip
        self.file[64:120] = struct.pack("<IIQQQQQQ", 1, 6, 0, BASE, BASE, SIZE, SIZE, 4096)
        texts = b"\0.shstrtab\0.gopclntab\0.symtab\0.strtab\0"
        names = b"\0main.sessions\0runtime.x\0"
        symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 1, 0, 1, BASE + DATA + SESSIONS_AT, 24)
        places = [TABLES + 0x400, TABLES + 0x500, TABLES + 0x600]
        for at, raw in zip(places, (texts, symbols, names), strict=True):
            self.file[at : at + len(raw)] = raw
        rows = [
            bytes(64),
            self._section(1, 3, 0, places[0], len(texts), 0),
            self._section(11, 1, BASE + TABLE, TABLE, len(table), 0),
            self._section(22, symbols_kind, 0, places[1], len(symbols), 4),
            self._section(30, 3, 0, places[2], len(names), 0),
        ]
        self.file[TABLES : TABLES + 64 * len(rows)] = b"".join(rows)
        module = [0] * 41
        end = BASE + TEXT + len(FUNCTIONS) * LENGTH
        module[0], module[20:24] = BASE + TABLE, [BASE + TEXT, end, BASE + TEXT, end]
        module[24:32] = [BASE + DATA, BASE + DATA + 0x100, *[BASE + DATA + 0x100] * 5, BASE + DATA + 0x1000]
        module[37:41] = [BASE + CONSTANT + 0x400, BASE + CONSTANT + 0x800, BASE + CONSTANT, BASE + CONSTANT]
        self.put(DATA + MODULE_AT, struct.pack("<41Q", *module))
        text = b""
        for at, reason in enumerate(REASONS):
            where = BASE + CONSTANT + len(text) if reason else 0
            self.put(DATA + REASONS_AT + 16 * at, struct.pack("<QQ", where, len(reason)))
            text += reason.encode()
        self.put(CONSTANT, text)

    @staticmethod
    def _section(name: int, kind: int, address: int, offset: int, size: int, link: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", name, kind, 0, address, offset, size, link, 0, 1, 0)

    def put(self, at: int, raw: bytes) -> None:
        self.file[at : at + len(raw)] = raw

    def code(self, function: str, raw: bytes, at: int = 0) -> int:
        """Put instructions into a function: the address of the first."""
        which = next(index for index, row in enumerate(FUNCTIONS) if row[0] == function)
        begin = TEXT + which * LENGTH + at
        self.put(begin, raw)
        return BASE + begin

    @staticmethod
    def inside(function: str) -> int:
        """A return address in it."""
        return BASE + TEXT + LENGTH * next(at for at, row in enumerate(FUNCTIONS) if row[0] == function) + 0x20

    def main(self) -> None:
        self.goroutine(status=2)
        for _ in range(3):
            self.goroutine(reason=2)

    def goroutine(self, *, status: int = 4, reason: int = SEND, word: int = 0, numbered: int | None = None) -> int:
        """One that waits in main.ask, which main.fetch started. ``word``: stands on its stack. Returns its place."""
        at, low = PAGE * GOROUTINES + GOROUTINE * self.goroutines, STACK * self.goroutines
        sp = low + STACK - 512
        raw = bytearray(GOROUTINE)
        struct.pack_into("<QQ", raw, 0, STACKS + low, STACKS + low + STACK)
        struct.pack_into("<QQ", raw, 56, STACKS + sp, self.inside("runtime.gopark"))
        struct.pack_into("<IIQ", raw, G_STATUS, status, 0, self.goroutines + 1 if numbered is None else numbered)
        raw[G_REASON] = reason
        struct.pack_into("<Q", raw, G_MADE, self.inside("main.fetch"))
        struct.pack_into("<Q", raw, G_STARTS, self.inside("main.ask") - 0x20)
        self.heap[at : at + GOROUTINE] = raw
        here = sp
        for function, caller in (("runtime.gopark", "runtime.chansend1"), ("runtime.chansend1", "main.ask")):
            here += next(row[3] for row in FUNCTIONS if row[0] == function)
            struct.pack_into("<Q", self.stacks, here, self.inside(caller))
            here += 8
        struct.pack_into("<Q", self.stacks, here, word)
        here += next(row[3] for row in FUNCTIONS if row[0] == "main.ask")
        struct.pack_into("<Q", self.stacks, here, self.inside("runtime.goexit"))
        struct.pack_into("<Q", self.lists, 8 * self.goroutines, HEAP + at)
        self.goroutines += 1
        self.put(DATA + ALL_AT, struct.pack("<QQQ", LISTS, self.goroutines, 1 << 12))
        return at

    def channel(self, element_bytes: int = 8) -> int:
        """One on which somebody waits to receive; its address."""
        at = (1 << 16) + CHANNEL * self.channels
        struct.pack_into("<H", self.waits, at + 24, element_bytes)
        struct.pack_into("<Q", self.waits, at + 64, WAITS)
        self.channels += 1
        return WAITS + at

    def receiver(self, channel: int) -> None:
        """A goroutine that waits to receive on a channel."""
        place = self.goroutine(reason=RECEIVE)
        at = QUEUED * self.queued
        struct.pack_into("<Q", self.waits, at, HEAP + place)
        struct.pack_into("<Q", self.waits, at + 88, channel)
        struct.pack_into("<Q", self.heap, place + G_WAITING, WAITS + at)
        self.queued += 1

    def span(self, each: int, *, pointing: bool) -> int:
        """A page of objects of one size; returns the place of its structure."""
        at = SPAN * self.pages
        raw = bytearray(SPAN)
        struct.pack_into("<QQ", raw, 24, HEAP + PAGE * self.pages, 1)
        struct.pack_into("<HHHxxQ", raw, 48, 0, PAGE // each, 0, 0)
        struct.pack_into("<BB", raw, 98, (each // 64 << 1 | (not pointing)) & 255, 1)
        struct.pack_into("<Q", raw, 104, each)
        self.spans[at : at + SPAN] = raw
        struct.pack_into("<Q", self.lists, (1 << 15) + 8 * self.pages, SPANS + at)
        self.pages += 1
        self.put(DATA + SPANS_AT, struct.pack("<QQQ", LISTS + (1 << 15), self.pages, 1 << 12))
        return at

    def remember(self, count: int) -> None:
        """So many sessions of 4 KiB more hang on main.sessions: a list, each with a pointer to the one before."""
        for _ in range(count):
            used = struct.unpack_from("<H", self.spans, self.cache + 48)[0]
            if used == PAGE // 4096:
                self.cache, used = self.span(4096, pointing=True), 0
            begin = struct.unpack_from("<Q", self.spans, self.cache + 24)[0] - HEAP
            before = struct.unpack_from("<Q", self.file, DATA + SESSIONS_AT)[0]
            struct.pack_into("<Q", self.heap, begin + 4096 * used, before)
            struct.pack_into("<H", self.spans, self.cache + 48, used + 1)
            self.put(DATA + SESSIONS_AT, struct.pack("<Q", HEAP + begin + 4096 * used))
            self.sessions += 1

    def pieces(self, path: str = "/srv/shop/shop") -> dict[int, FakePiece]:
        return {
            BASE: FakePiece(self.file, path),
            HEAP: FakePiece(self.heap),
            STACKS: FakePiece(self.stacks),
            SPANS: FakePiece(self.spans),
            LISTS: FakePiece(self.lists),
            WAITS: FakePiece(self.waits),
        }
