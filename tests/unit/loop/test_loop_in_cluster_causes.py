"""What the cluster tells of a container, made causes where its process was not looked into."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oakum.loop.in_cluster_causes import standing, with_standing
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cause import CauseName
from oakum.model.cluster_node import ContainerUsage
from oakum.model.cluster_pod import Container, Pod, Role, Running
from oakum.model.kill import Boundary, Kill, KillKind
from oakum.model.series import Series, WorkloadSeries
from oakum.model.verdict import Pattern, Verdict, VerdictName

MIB = 1 << 20
MADE = Container(
    name="app",
    role=Role.MAIN,
    image="shop:1",
    state=Running(0.0),
    last=None,
    restarts=0,
    request_bytes=None,
    limit_bytes=512 * MIB,
    actual_limit_bytes=512 * MIB,
    ready=True,
)
POD = Pod("shop", "cart-1", "u1", "1", 0.0, None, {}, (), "node-1", "Running", "", "", "Burstable", (MADE,))
CALM = Verdict(VerdictName.HEALTHY, Pattern.FLAT, 0.05, 100.0 * MIB, 0.0, settles="")
UNTOLD = Absent("its figures", AbsentKind.NOT_YET, "the kubelet is silent", "")


def usage(rss=100, whole=110):
    """Sizes in MiB."""
    return ContainerUsage("shop", "cart-1", "u1", "app", 5.0, rss * MIB, rss * MIB, whole * MIB)


def kill():
    return Kill(("u1", "app", 1, 1.0), "shop", "cart-1", "app", KillKind.OOM, 0.9, 1.0, Boundary.CONTAINER, 512 * MIB,
                None, (), ())  # fmt: skip


def answer(**changes):
    curve = WorkloadSeries("app", (Series(np.arange(3.0), np.ones(3)),))
    return Investigation(**({"target": "deploy/shop/cart", "generated_at_s": 0.0, "verdict": CALM,
                             "series_verdict": CALM, "series": curve, "runtime": "unknown"} | changes))  # fmt: skip


def names(around, verdict=CALM):
    return [cause.name for cause in with_standing(answer(verdict=verdict), around).causes]


def test_page_cache_that_fills_a_limit_is_told_with_the_containers_evidence():
    around = standing(POD, MADE, usage(whole=400), (), "container-2")
    found = with_standing(answer(), around).causes
    assert [cause.name for cause in found] == [CauseName.PAGE_CACHE]
    assert found[0].evidence == ("container-2",)
    assert "cart-1/app" in found[0].holder


def test_a_calm_container_that_is_killed_at_its_own_limit_has_too_little():
    assert names(standing(POD, MADE, usage(rss=480, whole=490), (kill(),), "container")) == [CauseName.UNDERSIZED_LIMIT]
    other = replace(kill(), container="sidecar")
    assert names(standing(POD, MADE, usage(rss=100), (other,), "container")) == []


@pytest.mark.parametrize("flags", [("-Xmx1g",), ("GOGC=50", "-Xmx1g"), ("--max-old-space-size=1024",)])
def test_a_cap_above_the_limit_is_read_from_its_command(flags):
    made = replace(MADE, memory_flags=flags)
    around = standing(POD, made, usage(rss=400), (kill(),), "container")
    assert CauseName.GC_MISCONFIGURED in names(around)


def test_nothing_is_claimed_where_the_kubelet_is_silent_or_its_process_was_looked_into():
    assert standing(POD, MADE, replace(usage(), rss_bytes=UNTOLD), (), "container") is None
    assert standing(POD, MADE, None, (), "container") is None
    around = standing(POD, MADE, usage(whole=400), (), "container")
    assert with_standing(answer(runtime="cpython 3.12"), around).causes == ()
