"""A Go program in memory behind the port Debuggees: what it answers to GET, which grows as it is told to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fake_clock import FakeClock
from pprof_files import PprofFile

from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Fetched, Listener
from oakum.model.errors import TargetError

PORT = Listener("127.0.0.1", 6060)
MIB = 1 << 20
RATE, EACH = 512 << 10, 20 << 10
SEND = (
    ("runtime.gopark", "runtime/proc.go", 462),
    ("runtime.chansend", "runtime/chan.go", 283),
    ("runtime.chansend1", "runtime/chan.go", 161),
    ("main.ask", "/srv/shop/fetch.go", 15),
)
ACCEPT = (
    ("runtime.gopark", "runtime/proc.go", 462),
    ("internal/poll.runtime_pollWait", "runtime/netpoll.go", 351),
    ("net.(*netFD).accept", "net/fd_unix.go", 150),
    ("main.main", "/srv/shop/main.go", 9),
)
BASKET = "#\t0x1\tmain.newBasket+0x4a\t/srv/shop/fetch.go:19\n#\t0x2\tmain.ask+0x36\t\t/srv/shop/fetch.go:13\n"
SESSION = "#\t0x3\tmain.newSession+0x4a\t/srv/shop/sessions.go:22\n#\t0x4\tmain.serve+0x36\t\t/srv/shop/main.go:30\n"
DETAIL = """goroutine {number} [chan send, 7 minutes]:
main.ask(0xc000010000)
\t/srv/shop/fetch.go:15 +0x3c
created by main.fetch in goroutine 1
\t/srv/shop/fetch.go:7 +0x73

"""


def sampled(size: int) -> int:
    """How many of so many bytes, in objects of EACH, are in a profile."""
    return round(size / EACH * -math.expm1(-EACH / RATE))


@dataclass
class FakeGo:
    """``waiting``: goroutines that send to nobody; ``lives``, ``freed``: bytes by call path. ``collects_every_s``.

    ``listens``: its ports; ``pages``: what is answered in the place of profiles, by path; ``ends``: nothing comes.
    ``bounds``: seconds and bytes that the last answer had, by path.
    """

    clock: FakeClock
    waiting: int = 100
    lives: dict[str, int] = field(default_factory=lambda: {BASKET: 8 * MIB})
    freed: dict[str, int] = field(default_factory=dict)
    collects_every_s: float = 2.0
    listens: list[Listener] = field(default_factory=lambda: [PORT])
    pages: dict[str, Fetched | Absent] = field(default_factory=dict)
    root: str = "/debug/pprof/"
    index: bool = True
    stack_bytes: int = 8192
    obtained_bytes: int = 0
    next_gc: int = 64 * MIB
    takes_s: float = 0.001
    asked: list[str] = field(default_factory=list)
    bounds: dict[str, tuple[float, int]] = field(default_factory=dict)
    collected_s: list[float] = field(default_factory=list)
    ended: bool = False
    rate: int = RATE
    ahead_s: float = 0.0

    def open(self, pid: int) -> FakeGo:
        if self.ended:
            raise TargetError(f"there is no process {pid}", why="it has ended")
        return self

    def listeners(self) -> list[Listener]:
        return list(self.listens)

    def fetch(self, listener: Listener, path: str, *, within_s: float, most_bytes: int) -> Fetched | Absent:
        self.asked.append(path)
        self.bounds[path] = within_s, most_bytes
        if self.ended or listener not in self.listens:
            return Absent(f"{path} on {listener}", AbsentKind.UNREADABLE, "nobody listens there any more")
        if path in self.pages:
            return self.pages[path]
        made = self._profile(path.removeprefix(self.root)) if path.startswith(self.root) else None
        self.clock.pass_by(self.takes_s)
        if made is None:
            return Fetched(404, "text/plain", b"404 page not found\n", self.takes_s)
        assert len(made) <= most_bytes
        return Fetched(200, "text/html" if path == self.root else "text/plain", made, self.takes_s)

    def _profile(self, name: str) -> bytes | None:
        if name == "":
            page = (
                f"<html><table><tr><td>{self.waiting + 1}</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr>"
            )
            return page.encode() if self.index else None
        if name.startswith("heap?"):
            return self.heap(collect="gc=1" in name)
        if name == "goroutine":
            made = PprofFile(("goroutine",))
            made.sample(SEND, (self.waiting,))
            made.sample(ACCEPT, (1,))
            return made.bytes()
        if name == "goroutine?debug=2":
            return b"".join(DETAIL.format(number=number).encode() for number in range(self.waiting))
        return None

    def heap(self, *, collect: bool) -> bytes:
        now_s = self.clock.now_s()
        last_s = now_s if collect else now_s - now_s % self.collects_every_s
        ends = [last_s - self.collects_every_s, last_s]
        if collect:
            self.collected_s.append(now_s)
        rows = []
        for stack, size in self.lives.items() if self.rate else ():
            count, freed = sampled(size), sampled(self.freed.get(stack, 0))
            ever = count + freed
            rows.append(f"{count}: {count * EACH} [{ever}: {ever * EACH}] @ 0x1 0x2\n{stack}\n")
        head = f"heap profile: 1: 1 [1: 1] @ heap/{2 * self.rate}\n"
        return (head + "".join(rows) + self._figures(ends)).encode()

    def _figures(self, ends: list[float]) -> str:
        ring = " ".join(str(int((each and each + self.ahead_s) * 1e9)) for each in ends + [0.0] * 254)
        live = sum(self.lives.values())
        figures = {
            "HeapAlloc": live,
            "HeapIdle": 0,
            "HeapInuse": live,
            "HeapReleased": 0,
            "Sys": self.obtained_bytes or live + self.waiting * self.stack_bytes,
            "Stack": f"{self.waiting * self.stack_bytes} / {self.waiting * self.stack_bytes}",
            "NextGC": self.next_gc,
            "PauseEnd": f"[{ring}]",
            "NumGC": 2,
        }
        return "\n# runtime.MemStats\n" + "".join(f"# {name} = {value}\n" for name, value in figures.items())

    def close(self) -> None:
        """Nothing is held."""
