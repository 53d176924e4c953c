"""``python -m bench.heap``: makes dumps, measures Oakum and its peers on them, writes docs/bench-heap.md."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.heap.dumps import SIZES, WIDE, Dump, Missing, Size, java_dump, node_dump
from bench.heap.figures import Case, Row, apart, counted, ended, retained, row
from bench.heap.ours import ours
from bench.heap.page import Checked, Found, Made, page
from bench.heap.peers import ABSENT, OURS, PEERS, Peer, fetch_mat, fetch_memlab, mat_command
from bench.heap.process import Spent, run
from bench.judge.report.machine import ROOT, stand, told

ENGINE = "src/oakum/heap"
LARGEST_OBJECTS = 40
LEFT_BEHIND = ("*.index", "*.threads")
"""What MAT's engine writes beside a dump, and would take again in the next run."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.heap", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument("--data", type=Path, help="keeps the fetched tools here")
    parser.add_argument("--large", action="store_true", help="dumps of about 1 GB too")
    parser.add_argument("--small", action="store_true", help="only the small dumps")
    parser.add_argument("--runs", type=int, default=3, help="of each measurement on the small and medium dumps")
    parser.add_argument("--within", type=float, default=900.0, help="seconds after which one run is given up")
    chosen = parser.parse_args()
    sizes = SIZES[:1] if chosen.small else SIZES if chosen.large else SIZES[:2]
    before = stand(ENGINE)
    written = chosen.docs / "bench-heap.md"
    chosen.docs.mkdir(parents=True, exist_ok=True)
    with _folder(chosen.data) as folder:
        bench = Bench(folder, chosen.within)
        bench.check(SIZES[0])
        peers = list(bench.ready(PEERS))
        for size in sizes:
            bench.measure(size, peers, runs=1 if size in SIZES[2:] else chosen.runs)
            # After each size: a long run that is stopped leaves what it found.
            written.write_text(page(told(before, stand(ENGINE)), bench.found), encoding="utf-8")
    print(written)
    return 0


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@dataclass(slots=True)
class Bench:
    """``folder``: where tools and dumps are put. ``within_s``: after which one run is given up."""

    folder: Path
    within_s: float
    found: Found = field(default_factory=lambda: Found(missing=list(ABSENT)))

    def ready(self, peers: Sequence[Peer]) -> Iterator[Peer]:
        for peer in peers:
            try:
                peer.fetch(self.folder)
            except Missing as exc:
                self.found.missing.append((peer.name, str(exc)))
            else:
                yield peer

    def measure(self, size: Size, peers: Sequence[Peer], *, runs: int) -> None:
        for runtime, make in (("java", java_dump), ("node", node_dump)):
            if runtime not in size.requests:
                continue
            try:
                dump = make(self.folder / "dumps", size)
            except Missing as exc:
                self.found.missing.append((f"{runtime}, {size.name}", str(exc)))
                continue
            self._measure_ours(dump, runs=runs)
            for peer in peers:
                if peer is not OURS and runtime in peer.runtimes:
                    self._keep(self._timed(peer, dump, Case(size.name, runtime, peer.name, 2), runs=runs))
            dump.path.unlink()

    def _measure_ours(self, dump: Dump, *, runs: int) -> None:
        of = partial(Case, dump.size, dump.runtime, OURS.name)
        # The second run has the kernels that the first compiled.
        with tempfile.TemporaryDirectory() as cache:
            for kernels, cores, times in (("cold", 2, 1), ("warm", 2, runs), ("warm", 1, runs)):
                self._keep(self._timed(OURS, dump, of(cores, kernels), runs=times, cache=cache))
            spent = self._run(OURS.command(self.folder, dump.path), dump, cache=cache)
        said = json.loads(spent.out) if spent.code == 0 else {"objects": 0, "references": 0}
        self.found.dumps.append(Made(dump.size, dump.runtime, dump.file_bytes, said["objects"], said["references"]))

    def _keep(self, measured: Row) -> None:
        self.found.rows.append(measured)
        print(f"{measured.case}: {measured.wall_s:.2f} s {measured.failed}", file=sys.stderr)

    def _timed(self, peer: Peer, dump: Dump, case: Case, *, runs: int, cache: str = "") -> Row:
        """Ends at the first run that fails: that is the row then. ``cache``: where kernels are kept."""
        done = []
        for _ in range(runs):
            for pattern in LEFT_BEHIND:
                for path in dump.path.parent.glob(pattern):
                    path.unlink()
            done.append(self._run(peer.command(self.folder, dump.path), dump, cores=case.cores, cache=cache))
            if failed := ended(done[-1]):
                return row(case, done[-1:], failed=failed)
        return row(case, done, first=peer.first(done[0].out))

    def _run(self, command: list[str], dump: Dump, *, cores: int = 2, cache: str = "") -> Spent:
        environment = {"NUMBA_CACHE_DIR": cache} if cache else None
        return run(command, cores=cores, within_s=self.within_s, cwd=dump.path.parent, environment=environment)

    def check(self, size: Size) -> None:
        """Totals beside the JVM's own, retained sizes beside peers'."""
        for name, check in (
            ("the JVM's histogram", self._check_histogram),
            ("retained sizes by MAT's engine", self._check_mat),
            ("retained sizes by memlab", self._check_memlab),
        ):
            try:
                check(size)
            except (Missing, ValueError) as exc:
                self.found.missing.append((name, str(exc)))

    def _check_histogram(self, size: Size) -> None:
        dump = java_dump(self.folder / "dumps", size)
        self.found.counted = counted(dump.histogram or {}, ours(dump.path).classes)

    def _check_mat(self, size: Size) -> None:
        fetch_mat(self.folder)
        dump = java_dump(self.folder / "dumps", size, options=WIDE)
        self._compare("java, small, wide, MAT's engine", dump, mat_command(self.folder, dump.path, LARGEST_OBJECTS))

    def _check_memlab(self, size: Size) -> None:
        fetch_memlab(self.folder)
        dump = node_dump(self.folder / "dumps", size)
        script = str(self.folder / "npm" / "memlab_retained.js")
        command = ["node", "--expose-gc", script, str(dump.path), str(LARGEST_OBJECTS)]
        self._compare("node, small, memlab", dump, command)

    def _compare(self, name: str, dump: Dump, command: list[str]) -> None:
        theirs = retained(self._run(command, dump).out)
        mine = ours(dump.path)
        totals = (theirs.objects, mine.objects), (theirs.bytes, mine.bytes)
        self.found.checked.append(Checked(name, *totals, apart(mine.retained, theirs)))


if __name__ == "__main__":
    raise SystemExit(main())
