"""Investigations and scans as they come out of real runs: a leak, a filling cache, a healthy one, an open one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cause import Cause, CauseName, CodePlace, Example
from oakum.model.curve import Curve
from oakum.model.evidence import Cost, Evidence
from oakum.model.growth import Bound, HeapGrowth, HolderGrowth, PathStep, RootKind, TypeGrowth
from oakum.model.scan import Scan, Skipped, Window
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries
from oakum.model.step import Plan, Step
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName

MIB = 1024.0**2
NOW_S = 1_795_176_190.0  # 20 Nov 2026 12:03:10 UTC
HOSTILE = "<script>alert('x')</script>\x1b[31m\u202eevil"


def climbing(*, seconds=30.0, hz=4.0, start_mib=96.0, mib_per_s=3.1, limit_mib=256.0, onset_s=4.0, end_s=NOW_S):
    """A curve that is flat, then climbs with the steps of an allocator."""
    count = int(seconds * hz)
    at_s = end_s - seconds + np.arange(count) / hz
    grown = np.maximum(0.0, np.arange(count) / hz - onset_s) * mib_per_s
    stepped = np.floor(grown / 2.0) * 2.0 + 0.4 * np.sin(np.arange(count))
    return Series(at_s=at_s, value=(start_mib + stepped) * MIB, limit=np.full(count, limit_mib * MIB))


def leaking_series(**shape):
    return WorkloadSeries(
        id="pid/4242",
        lifetimes=(climbing(**shape),),
        scope=Scope.PROCESS,
        metric=Metric.ANON,
        labels={"command": "python -m shop.server --port 8080", "cgroup": "/oakum/demo"},
    )


def leak_verdict():
    return Verdict(
        name=VerdictName.LEAK,
        pattern=Pattern.LINEAR,
        probability=0.97,
        level=176.0 * MIB,
        rate_per_s=3.1 * MIB,
        rate_interval=(2.9 * MIB, 3.32 * MIB),
        onset_s=NOW_S - 26.0,
        limit=256.0 * MIB,
        forecasts=(Forecast("limit", 22.0, 25.8, 31.0), Forecast("node", 5200.0, 6100.0, math.inf)),
        reasons=(
            "anonymous memory climbs +3.10 MiB/s for 26 s, in a straight line",
            "two captures 15 s apart: shop.pricing.CACHE.entries grew by 83,700 entries and dropped none",
            "that holder accounts for 93 % of the growth",
        ),
    )


def leak_curve(series):
    lifetime = series.lifetimes[0]
    fit_at_s = np.linspace(NOW_S - 26.0, NOW_S + 40.0, 60)
    line = (96.0 + 3.1 * (fit_at_s - fit_at_s[0])) * MIB
    spread = (1.0 + 0.22 * np.maximum(0.0, fit_at_s - NOW_S)) * MIB
    return Curve(
        floor_at_s=lifetime.at_s[::4],
        floor=np.minimum.accumulate(lifetime.value[::-1])[::-1][::4],
        fit_at_s=fit_at_s,
        fit=line,
        fit_low=line - spread,
        fit_high=line + spread,
    )


def price_cache(**changes):
    holder = HolderGrowth(
        name="shop.pricing.CACHE.entries",
        kind="dict",
        root=RootKind.MODULE,
        path=(
            PathStep("module shop.pricing", ""),
            PathStep("shop.pricing.PriceCache", "global CACHE", 0x7F31_0000_1230),
            PathStep("dict of 96,100 entries", ".entries", 0x7F31_0000_4560),
        ),
        items_before=12_400,
        items_after=96_100,
        bytes_before=int(9.2 * MIB),
        bytes_after=int(52.5 * MIB),
        evicted_items=0,
        item_type="shop.pricing.Quote",
        owner_type="shop.pricing.PriceCache",
        attribute="entries",
        module="shop.pricing",
        defined=CodePlace("/srv/shop/pricing.py", 21, "PriceCache.__init__", "self.entries = {}"),
    )
    return replace(holder, **changes)


def heap_growth(**changes):
    growth = HeapGrowth(
        seconds=15.0,
        objects_before=214_300,
        objects_after=548_900,
        heap_bytes_before=int(31.0 * MIB),
        heap_bytes_after=int(77.4 * MIB),
        types=(
            TypeGrowth("shop.pricing.Quote", 12_400, 96_100, 12_400 * 56, 96_100 * 56),
            TypeGrowth("str", 88_200, 255_700, int(7.0 * MIB), int(21.8 * MIB)),
            TypeGrowth("dict", 9_120, 92_900, int(5.1 * MIB), int(19.4 * MIB)),
            TypeGrowth("float", 14_000, 97_600, int(0.3 * MIB), int(2.2 * MIB)),
            TypeGrowth("tuple", 31_000, 30_800, int(2.0 * MIB), int(1.98 * MIB)),
        ),
        holders=(price_cache(),),
        module_files={"shop.pricing": "/srv/shop/pricing.py"},
    )
    return replace(growth, **changes)


def cache_cause(**changes):
    cause = Cause(
        name=CauseName.UNBOUNDED_CACHE,
        confidence=0.95,
        title="shop.pricing.CACHE.entries keeps every key it ever saw: 12,400 → 96,100 entries in 15 s",
        holder="shop.pricing.CACHE.entries",
        retained_bytes=int(52.5 * MIB),
        growth_bytes_per_s=2.89 * MIB,
        where=(CodePlace("/srv/shop/pricing.py", 42, "PriceCache.remember", "self.entries[sku] = quote"),),
        why=(
            "83,700 entries were added between the captures and none was dropped",
            "nothing in shop/pricing.py compares its length with anything",
        ),
        against=("clear() exists, and was not called between the captures",),
        advice="Bound the cache: drop the entry that was used least recently once it holds as many as you can afford.",
        example=Example(
            before="self.entries[sku] = quote",
            after=(
                "self.entries[sku] = quote\n"
                "self.entries.move_to_end(sku)\n"
                "if len(self.entries) > MAX_ENTRIES:\n"
                "    self.entries.popitem(last=False)"
            ),
        ),
        evidence=("capture-1", "capture-2"),
    )
    return replace(cause, **changes)


def leak_evidence():
    return (
        Evidence(
            "runtime",
            "CPython 3.11.7, told by libpython3.11.so.1.0 and the symbol Py_Version",
            "/proc/4242/maps",
            NOW_S - 29.0,
        ),
        Evidence(
            "capture-1",
            "heap copied: 214,300 objects, 31.0 MiB",
            "process_vm_readv",
            NOW_S - 20.0,
            Cost(0.0, 0.08, int(58 * MIB)),
            {"objects": 214_300, "heap_bytes": int(31.0 * MIB)},
        ),
        Evidence(
            "capture-2",
            "heap copied: 548,900 objects, 77.4 MiB",
            "process_vm_readv",
            NOW_S - 5.0,
            Cost(0.0, 0.17, int(109 * MIB)),
            {"objects": 548_900, "heap_bytes": int(77.4 * MIB)},
        ),
    )


def rescue_plan():
    return Plan(
        (
            Step(
                "Restart the service before 12:03:32",
                "Memory falls back to about 96 MiB; at this rate that buys 51 s",
                "Requests in flight are lost; what the cache holds must be computed again",
                command="systemctl restart shop",
                undo="",
                takes_s=3.0,
            ),
            Step(
                "Bound PriceCache.entries and deploy",
                "The growth ends: the holder accounts for 93 % of it",
                "A smaller cache is hit less often",
                undo="git revert HEAD",
            ),
            Step(
                "Verify: memory must stay flat for 1 h",
                "Shows that the fix works",
                "None",
                command="oakum investigate pid/4242 --for 1h",
                takes_s=3600.0,
            ),
        )
    )


def leak():
    series = leaking_series()
    verdict = leak_verdict()
    before = replace(
        verdict, name=VerdictName.SUSPECT, probability=0.6, settles="a capture of the heap, or 9 more minutes"
    )
    return Investigation(
        target="pid/4242",
        generated_at_s=NOW_S,
        verdict=verdict,
        series_verdict=before,
        series=series,
        runtime="cpython 3.11.7",
        curve=leak_curve(series),
        evidence=leak_evidence(),
        absent=(
            Absent("pressure (PSI)", AbsentKind.NOT_APPLICABLE, "this kernel was built without it", "boot with psi=1"),
        ),
        growth=heap_growth(),
        causes=(cache_cause(),),
        plan=rescue_plan(),
    )


def filling_cache():
    series = leaking_series(mib_per_s=0.8, limit_mib=512.0)
    verdict = replace(
        leak_verdict(),
        name=VerdictName.SUSPECT,
        probability=0.35,
        rate_per_s=0.8 * MIB,
        rate_interval=(0.7 * MIB, 0.92 * MIB),
        level=116.0 * MIB,
        limit=512.0 * MIB,
        forecasts=(Forecast("limit", 430.0, 495.0, 566.0),),
        reasons=(
            "anonymous memory climbs +819 KiB/s",
            "the holder has a bound that it has not reached: maxsize 100,000",
        ),
        settles="reaches maxsize 100,000 in about 4 min at this rate: watch until then",
    )
    holder = price_cache(name="shop.pricing.quotes", kind="functools.lru_cache", bound=Bound(100_000, "maxsize"))
    cause = cache_cause(confidence=0.4, title="shop.pricing.quotes is a cache that still fills", holder=holder.name)
    return replace(
        leak(),
        verdict=verdict,
        series_verdict=verdict,
        series=series,
        growth=heap_growth(holders=(holder,)),
        causes=(cause,),
    )


def healthy():
    series = leaking_series(mib_per_s=0.0)
    verdict = Verdict(
        name=VerdictName.HEALTHY,
        pattern=Pattern.FLAT,
        probability=0.02,
        level=96.0 * MIB,
        rate_per_s=120.0,
        rate_interval=(-900.0, 1100.0),
        limit=256.0 * MIB,
        forecasts=(Forecast("limit", math.inf, math.inf, math.inf),),
        reasons=("flat within its noise of 410 KiB",),
    )
    return Investigation("pid/4243", NOW_S, verdict, verdict, series, "cpython 3.11.7", growth=None)


def cannot_tell():
    series = replace(leaking_series(), id="pid/77", lifetimes=(climbing(seconds=0.5),))
    verdict = Verdict(
        VerdictName.CANNOT_TELL,
        None,
        None,
        96.0 * MIB,
        limit=None,
        reasons=("2 samples are too few",),
        settles="watch for 20 s more",
    )
    absent = (
        Absent(
            "the heap of pid/77",
            AbsentKind.NOT_PERMITTED,
            "ptrace_scope is 1 and this user lacks CAP_SYS_PTRACE",
            "sudo oakum investigate pid/77",
        ),
        Absent("PSS", AbsentKind.UNREADABLE, "smaps_rollup belongs to another user", "sudo oakum investigate pid/77"),
    )
    return Investigation("pid/77", NOW_S, verdict, verdict, series, "unknown", absent=absent, partial=True)


def hostile():
    """Every name comes from a process that wants to break the page or the terminal."""
    found = leak()
    holder = price_cache(name=HOSTILE, item_type=HOSTILE, path=(PathStep(HOSTILE, HOSTILE), PathStep(HOSTILE, HOSTILE)))
    types = (TypeGrowth(HOSTILE, 1, 900, 100, 90_000), TypeGrowth("shop." + "VeryLongName" * 30, 0, 9, 0, 900))
    place = CodePlace(f"/srv/{HOSTILE}.py", 3, HOSTILE, HOSTILE)
    return replace(
        found,
        target=HOSTILE,
        series=replace(found.series, id=HOSTILE, labels={HOSTILE: HOSTILE}),
        growth=heap_growth(types=types, holders=(holder,)),
        causes=(cache_cause(title=HOSTILE, holder=HOSTILE, where=(place,), why=(HOSTILE,), advice=HOSTILE),),
        evidence=(Evidence(HOSTILE, HOSTILE, HOSTILE, NOW_S, facts={HOSTILE: [HOSTILE, math.inf, b"\xff"]}),),
        absent=(Absent(HOSTILE, AbsentKind.UNREADABLE, HOSTILE, HOSTILE),),
        plan=Plan((Step(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),)),
        runtime=HOSTILE,
    )


def restarting_series():
    """Two lives that were OOM-killed, and a third that still runs; one sample every 30 s."""
    lives = []
    start = NOW_S - 5400.0
    for ending in (Ending.OOM_KILLED, Ending.OOM_KILLED, Ending.RUNNING):
        at_s = start + np.arange(0.0, 1770.0, 30.0)
        saw = 12.0 * ((at_s - start) % 300.0) / 300.0
        value = (90.0 + (at_s - start) * 0.085 + saw) * MIB
        ended = None if ending is Ending.RUNNING else float(at_s[-1]) + 4.0
        lives.append(
            Series(at_s, value, np.full(len(at_s), 256.0 * MIB), started_s=start, ended_s=ended, ending=ending)
        )
        start = float(at_s[-1]) + 45.0
    return WorkloadSeries("shop/web-6c9d/api", tuple(lives), scope=Scope.CONTAINER, metric=Metric.ANON)


def scan():
    """Nine series: two leaks, two suspects, one that cannot be told, four healthy; one of them in percent."""
    leaky, filling, fine, short = leak(), filling_cache(), healthy(), cannot_tell()
    restarting = replace(
        leaky.verdict,
        pattern=Pattern.RISING_SAWTOOTH,
        probability=0.93,
        rate_per_s=0.085 * MIB,
        rate_interval=(0.08 * MIB, 0.091 * MIB),
        level=228.0 * MIB,
        onset_s=NOW_S - 5400.0,
        forecasts=(Forecast("limit", 300.0, 330.0, 372.0),),
        reasons=("its floor rises in each of 3 lives", "2 OOM kills, 29 min 34 s apart"),
    )
    at_s = NOW_S - 86400.0 + np.arange(288) * 300.0
    percent = WorkloadSeries(
        "vm-0117",
        (Series(at_s, 41.0 + 0.05 * np.arange(288) + np.sin(np.arange(288) / 45.8)),),
        unit="percent",
        scope=Scope.NODE,
        metric=Metric.USAGE,
    )
    drifting = Verdict(
        VerdictName.SUSPECT,
        Pattern.LINEAR,
        0.61,
        55.2,
        rate_per_s=0.6 / 3600,
        rate_interval=(0.5 / 3600, 0.72 / 3600),
        onset_s=NOW_S - 80_000.0,
        limit=100.0,
        forecasts=(Forecast("limit", 224_000.0, 268_000.0, 322_000.0),),
        reasons=("page cache is included in this metric",),
        settles="12 h more, or anonymous memory instead of usage",
    )
    steady = [
        (replace(fine.series, id=f"cgroup/system.slice/{name}.service"), fine.verdict)
        for name in ("sshd", "cron", "nginx")
    ]
    return Scan(
        source="host",
        generated_at_s=NOW_S,
        window=Window(NOW_S - 86400.0, NOW_S, 0.25),
        rows=(
            *steady,
            (replace(fine.series, id="pid/4243"), fine.verdict),
            (short.series, short.verdict),
            (percent, drifting),
            (
                replace(filling.series, id="cgroup/kubepods/burstable/pod5f7c/very-long-container-name-0123456789"),
                filling.verdict,
            ),
            (leaky.series, leaky.verdict),
            (restarting_series(), restarting),
        ),
        skipped=(Skipped("pid/9", "ended after 2 samples"), Skipped("vm-0009", "row 812: the value is negative (-3)")),
        absent=(Absent("PSS", AbsentKind.NOT_PERMITTED, "other users' processes", "sudo oakum scan host"),),
        warnings=("times read as milliseconds",),
    )
