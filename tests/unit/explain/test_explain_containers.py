"""Which container it is, and whether one replica grows or all do."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from oakum.explain.containers import after, judged, memory_facts, memory_line, over_both, replicas, worst
from oakum.judge import judge
from oakum.model.container_memory import ContainerMemory
from oakum.model.kill import Boundary, Kill, KillKind
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import VerdictName

MIB = float(1 << 20)


def memory(pod="cart-1", name="app", *, start=50.0, per_s=0.0, limit=256.0, image="sha256:one", samples=30):
    at_s = 1_700_000_000.0 + np.arange(samples)
    noise = np.resize([0.0, 0.02, 0.01], samples)
    value = (start + per_s * np.arange(samples) + noise) * MIB
    series = WorkloadSeries(
        f"pod/shop/{pod}/{name}",
        (Series(at_s, value, np.full(samples, limit * MIB)),),
        scope=Scope.CONTAINER,
        metric=Metric.ANON,
    )
    return ContainerMemory("shop", pod, f"u-{pod}", name, "c", image, "n-1", "the kubelet", series, judge(series))


def verdict_of(*memories, kills=()):
    return judged(worst(memories), target="deploy/shop/cart", beside=memories, kills=kills, compared=(), told=())


def killed(boundary=Boundary.CONTAINER):
    key = ("u-cart-1", "app", 1, 5.0)
    return Kill(key, "shop", "cart-1", "app", KillKind.OOM, 0.99, 5.0, boundary, 256 << 20, None, (), ())


def test_the_sidecar_that_grows_is_named_and_the_fuller_container_beside_it_is_not():
    verdict = verdict_of(memory(start=215), memory(name="shipper", start=30, per_s=1.0))
    assert verdict.name is VerdictName.SUSPECT
    assert verdict.reasons[0] == "it is container shipper of cart-1, and app beside it does not grow"
    assert "oakum investigate deploy/shop/cart --for 15m" in verdict.settles
    assert "on node n-1" in verdict.settles


def test_ten_seconds_that_make_no_suspicion_yet_order_the_containers_all_the_same():
    rises, full = memory(start=30, per_s=1.0, samples=10), memory(name="db", start=215, samples=10)
    assert rises.verdict.name is VerdictName.CANNOT_TELL
    assert worst([full, rises]) is rises
    assert verdict_of(full, rises).name is VerdictName.CANNOT_TELL


def test_of_two_that_grow_the_one_that_dies_first_is_the_worst():
    slow, soon = memory("cart-1", start=20, per_s=1.0), memory("cart-2", start=200, per_s=1.0)
    assert worst([slow, soon]) is soon
    assert worst([]) is None


def test_a_full_one_that_does_not_grow_is_healthy():
    full = memory(start=217)
    assert verdict_of(full).name is VerdictName.HEALTHY
    assert memory_line(full).endswith("(30 samples in 29 s, from the kubelet): healthy")
    assert memory_line(full).startswith("cart-1/app: 217 MiB of 256 MiB (85 %), ")


def test_half_a_minutes_calm_does_not_acquit_one_that_was_killed_at_its_own_limit():
    assert verdict_of(memory(), kills=[killed()]).name is VerdictName.CANNOT_TELL
    assert verdict_of(memory(), kills=[killed(Boundary.ANCESTOR)]).name is VerdictName.HEALTHY


def test_a_container_that_grew_is_not_acquitted_by_a_process_that_stood_still_since_unless_its_heap_was_compared():
    grew, still = memory(per_s=1.0), memory().verdict
    assert still.name is VerdictName.HEALTHY
    told = after(grew, still, compared=False)
    assert (told.name, "its container grew" in told.reasons[0]) == (VerdictName.CANNOT_TELL, True)
    assert after(grew, still, compared=True) is still
    assert after(memory(), still, compared=False) is still


def test_what_would_settle_it_is_a_command_where_the_process_was_looked_into_too():
    grew = memory(per_s=1.0)
    settles = "two captures of the heap, or 9 min more"
    told = judged(grew, target="deploy/shop/cart", beside=[grew], kills=(), compared=(), told=(), settles=settles)
    assert told.settles == f"{settles}: oakum investigate deploy/shop/cart --for 10m"


@pytest.mark.parametrize(
    ("rates", "images", "words"),
    [
        ((0.0, 0.0), "aa", "app: none of 2 replicas is seen to grow"),
        ((1.0, 1.0), "aa", "app: all 2 replicas grow, "),
        ((1.0, 0.0), "aa", "with the same image: their load or data differs"),
        ((1.0, 0.0), "ab", "they run another image than the others"),
    ],
)
def test_replicas_are_compared_one_or_all_and_by_image(rates, images, words):
    rows = [
        memory(f"cart-{n}", per_s=rate, image=image) for n, (rate, image) in enumerate(zip(rates, images, strict=True))
    ]
    ((line, facts),) = replicas(rows)
    assert words in line
    assert facts["replicas"] == 2
    assert facts["growing"] == [f"cart-{n}" for n, rate in enumerate(rates) if rate]


def test_one_replica_alone_is_not_compared():
    assert list(replicas([memory(), memory(name="shipper")])) == []


def test_the_figures_are_plain_values():
    told = json.loads(json.dumps(memory_facts(memory(start=100, per_s=2.0))))
    assert told["verdict"] == "suspect"
    assert told["rate_bytes_per_s"] == pytest.approx(2 * MIB, rel=0.05)
    assert told["limit_in_s"] == pytest.approx(49, abs=5)


def hours(pod="cart-1", name="app", *, start=50.0, mib_per_h=0.0, samples=720):
    """What a server of metrics tells of half a day, up to when ``memory`` begins."""
    at_s = 1_700_000_000.0 - 60.0 * np.arange(samples)[::-1]
    value = (start + mib_per_h / 60 * np.arange(samples) + np.resize([0.0, 0.02, 0.01], samples)) * MIB
    found = memory(pod, name)
    series = replace(found.series, lifetimes=(Series(at_s, value, np.full(samples, 256 * MIB)),))
    return replace(found, source="Prometheus", series=series, verdict=judge(series), past=True)


def test_half_a_day_is_judged_in_the_place_of_half_a_minute_and_both_are_told():
    past, now = hours(mib_per_h=5.0), memory(start=110)
    assert over_both([now], [past]) == ([past], [now])
    assert verdict_of(past).name is VerdictName.LEAK
    assert "it is judged by its last 11 h 59 min, as Prometheus tells them" in verdict_of(past).reasons[0]


def test_a_rise_within_what_was_held_before_is_no_news_and_one_above_it_is():
    past = hours(start=200)
    below, above = memory(start=100, per_s=1.0), memory(start=190, per_s=1.0)
    assert over_both([below], [past]) == ([past], [below])
    assert over_both([above], [past]) == ([above], [past])


def test_a_history_that_tells_nothing_and_a_container_without_one_leave_the_watch_as_it_is():
    brief, other = hours(samples=4), memory(name="shipper")
    assert brief.verdict.name is VerdictName.CANNOT_TELL
    now = memory()
    assert over_both([now, other], [brief]) == ([now, other], [brief])
    assert over_both([], [brief]) == ([brief], [])


def test_a_watch_that_tells_nothing_either_does_not_displace_a_history():
    brief, now = hours(samples=4), memory(samples=1)
    assert (brief.verdict.name, now.verdict.name) == (VerdictName.CANNOT_TELL, VerdictName.CANNOT_TELL)
    assert over_both([now], [brief]) == ([brief], [now])


def test_a_kill_from_before_half_a_day_of_calm_does_not_speak_against_it():
    past, now = hours(), memory()
    assert verdict_of(past, kills=[killed()]).name is VerdictName.HEALTHY
    assert verdict_of(now, kills=[killed()]).name is VerdictName.CANNOT_TELL
    late = replace(killed(), at_s=1_700_000_000.0 - 60)
    assert verdict_of(past, kills=[late]).name is VerdictName.CANNOT_TELL
