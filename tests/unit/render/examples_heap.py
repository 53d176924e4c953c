"""Reports of heap dumps as the analysis makes them."""

from __future__ import annotations

from dataclasses import replace

from examples_render import HOSTILE

from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import PathStep
from oakum.model.heap import Big, Block, ClassGrowth, ClassRow, HeapDiff, HeapReport, Suspect, Tally, Waste


def heap_report(name="shop.SessionCache"):
    """Every part has a row, each with ``name`` in it."""
    suspect = Suspect(
        rank=1,
        cause=CauseName.SESSION_STATE,
        title=f"{name}.entries holds 3.73 MiB: 5,000 shop.Session",
        holder=f"{name}.entries",
        retained_bytes=3_912_000,
        share=0.54,
        count=5000,
        item_type=name,
        path=(PathStep(f"class {name}", ""), PathStep("java.util.HashMap", f"static {name}")),
        advice="Give sessions a time to live.",
        confidence=0.47,
        places=(CodePlace(f"{name}.java", 12, name),),
    )
    below = (Block(name, 3_912_000, (Block("java.util.HashMap", 3_900_000),)), Block("tiny", 10))
    return HeapReport(
        file=f"{name}.hprof",
        format="hprof",
        runtime="JVM (HPROF 1.0.2, 64-bit ids)",
        total=Tally(82_033, 7_535_712),
        references=113_662,
        reachable=Tally(81_732, 7_215_392),
        unreachable=Tally(301, 320_320),
        loose=Tally(111, 304_320),
        classes=(ClassRow(name, 5000, 120_000, 3_440_000), ClassRow("byte[]", 22_795, 3_719_968, 3_719_968)),
        suspects=(suspect,),
        biggest=(Big(name, f"{name}.entries", 48, 3_912_000), Big("class a.B", "", 8, 9)),
        waste=(Waste("duplicate arrays", name, 5000, 3_207_144, f"the worst is {name}"),),
        tree=Block("all that roots hold", 7_215_392, below),
        partial=False,
        warnings=(f"something about {name}",),
    )


def hostile_heap():
    return heap_report(HOSTILE)


def heap_diff(name="shop.SessionCache"):
    """Three dumps."""
    suspect = replace(heap_report(name).suspects[0], growth=(1_300_000, 2_600_000, 3_912_000))
    return HeapDiff(
        files=(f"{name}-1.hprof", f"{name}-2.hprof", f"{name}-3.hprof"),
        format="hprof",
        runtime="JVM (HPROF 1.0.2, 64-bit ids)",
        reachable=(Tally(1000, 3_000_000), Tally(2000, 5_000_000), Tally(3000, 7_000_000)),
        unreachable=(Tally(1, 16), Tally(0, 0), Tally(2, 32)),
        grown=(ClassGrowth(name, (100, 200, 300), (1_000_000, 2_000_000, 3_000_000)),),
        suspects=(suspect,),
        partial=False,
        warnings=(f"something about {name}",),
    )
