"""Class loaders of a JVM take metaspace, which no dump has: a holder of loaders is told with it."""

from __future__ import annotations

from fake_machine import FakeMachine

from oakum.loop.facts import Facts
from oakum.loop.jvm_figures import with_metaspace
from oakum.model.growth import HeapGrowth, HolderGrowth, RootKind
from oakum.probe.jvm_threads import LoaderCounts

KIB = 1 << 10
LOADER = "shop.RuleLoader"


def holder(name, gained, more):
    return HolderGrowth(
        name=name, kind="ArrayDeque", root=RootKind.MODULE, path=(), items_before=100, items_after=100 + 1000,
        bytes_before=KIB, bytes_after=KIB + gained, evicted_items=0, item_type=LOADER, loaders_more=more,
    )  # fmt: skip


LOADERS = LoaderCounts(2000, 4000, ((LOADER, 2000, 4000),), {LOADER: 2000 * 6 * KIB})


def test_metaspace_goes_with_the_loaders_that_a_holder_keeps():
    facts = Facts(FakeMachine().clock)
    growth = HeapGrowth(
        10.0, 0, 0, 0, 0, (),
        (holder("Cache.pages", 800 * KIB, None), holder("Deployer.DEPLOYED", 100 * KIB, {LOADER: 2000})),
    )  # fmt: skip
    found = with_metaspace(growth, LOADERS, facts)
    by_name = {each.name: each.bytes_grown for each in found.holders}
    assert by_name == {"Cache.pages": 800 * KIB, "Deployer.DEPLOYED": 100 * KIB + 2000 * 6 * KIB}
    assert [each.name for each in found.holders] == ["Cache.pages", "Deployer.DEPLOYED"], "the order stays"
    assert found.heap_bytes_after == 2000 * 6 * KIB, "the whole gains it too, or it would say that others gave it up"
    (row,) = facts.evidence
    assert f"{2000:,} more loaders of class {LOADER}" in row.title


def test_a_few_loaders_and_no_growth_are_told_nothing_of():
    facts = Facts(FakeMachine().clock)
    assert with_metaspace(None, LOADERS, facts) is None
    growth = HeapGrowth(10.0, 0, 0, 0, 0, (), (holder("Cache.pages", KIB, {LOADER: 2}),))
    assert with_metaspace(growth, LOADERS, facts) == growth
    assert not facts.evidence
