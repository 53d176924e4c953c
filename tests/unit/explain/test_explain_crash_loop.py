"""A crash loop explained from what there is: who is in one, what its lives and last words say, and what comes next."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from oakum.explain.crash_loop import judged, lives_of, loops, told
from oakum.explain.crash_plan import crash_plan, runtime_of
from oakum.explain.last_words import last_words
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Container, Pod, Role, Running, Terminated
from oakum.model.crash_loop import CrashLoop
from oakum.model.kill import Boundary, Ended, Kill, KillKind
from oakum.model.oom import Blame
from oakum.model.series import Ending, Series, WorkloadSeries
from oakum.model.verdict import VerdictName

AT_S = 1_700_000_000.0
MIB = float(1 << 20)
LIMIT = 96 << 20
NOT_TOLD = Absent("it", AbsentKind.NOT_YET, "not told")


def container(**changes):
    made = Container(
        "app", Role.MAIN, "shop:1", Running(AT_S + 25), None, 7, None, LIMIT, NOT_TOLD, ready=True, program="serve.py"
    )
    return replace(made, **changes)


def loop(kind=KillKind.OOM, lasted_s=2.0, **changes):
    app = changes.pop("container", container())
    pod = Pod("shop", "cart-1", "u1", "1", AT_S, None, {}, (), "node-1", "Running", "", "", "Burstable", (app,))
    ends, kills = [], []
    for run in range(4, 7):
        at_s = AT_S + 10.0 * (run - 4)
        end = Terminated("OOMKilled", 137, at_s - lasted_s, at_s)
        ends.append(
            Ended("shop", "cart-1", "u1", "node-1", "app", Role.MAIN, "shop:1", run, end, LIMIT, liveness=False)
        )
        blame = Blame("python3", (9,), killed=True, why=("python3 (pid 9) held 95 MiB, and was killed",))
        kills.append(
            Kill(
                ("u1", "app", run, at_s), "shop", "cart-1", "app", kind, 0.99, at_s, Boundary.CONTAINER, LIMIT, None,
                ("exit code 1",), (), blame=blame,
            )
        )  # fmt: skip
    return CrashLoop(pod, replace(app, last=ends[-1].end), tuple(ends), tuple(kills), **changes)


def lives(*shapes, ended=True):
    """Of each (first MiB, last MiB, seconds, power): from the start of a run to its death, ten samples a second."""
    made = []
    for number, (first, last, lasted_s, power) in enumerate(shapes):
        since_s = np.linspace(0.0, lasted_s, max(int(lasted_s * 10), 5))
        started_s = AT_S + 100 * number
        value = (first + (last - first) * (since_s / lasted_s) ** power) * MIB
        ending = Ending.OOM_KILLED if ended else Ending.RUNNING
        made.append(
            Series(started_s + 0.4 + since_s, value, started_s=started_s, ended_s=started_s + lasted_s, ending=ending)
        )
    return WorkloadSeries("cart-1/app", tuple(made))


ALIKE = lives((8, 94, 2.0, 1), (8, 95, 2.1, 1), (9, 94, 2.0, 1))


def test_who_dies_within_seconds_again_and_again_is_in_a_loop_and_nobody_else():
    there = loop()
    assert loops(there.container, there.ends, there.kills)
    assert not loops(container(restarts=1), there.ends, there.kills)
    long = loop(lasted_s=90.0)
    assert not loops(long.container, long.ends, long.kills)
    probed = loop(kind=KillKind.LIVENESS)
    assert not loops(probed.container, probed.ends, probed.kills)


def test_lives_that_go_alike_from_their_first_second_are_a_suspicion_that_names_both_and_what_tells_them_apart():
    verdict = judged(loop(), ALIKE, target="deploy/shop/cart@prod")
    assert (verdict.name, verdict.probability) == (VerdictName.SUSPECT, 0.5)
    assert verdict.reasons[0].startswith(
        "each of 3 lives went alike: from 8.00 MiB to 94.0 MiB of 96.0 MiB (98 %) in 2.00 s"
    )
    assert "(undersized), or leaks from the start" in verdict.reasons[1]
    assert verdict.settles.endswith("oakum investigate deploy/shop/cart-canary@prod")


def test_who_starts_with_less_and_grows_later_rather_leaks_and_lives_that_differ_say_so():
    late = judged(loop(), lives((8, 94, 9.0, 4), (8, 95, 9.0, 4)), target="deploy/shop/cart")
    assert "rather a leak than a start that needs too much" in late.reasons[1]
    differ = judged(loop(), lives((8, 94, 2.0, 1), (8, 95, 6.0, 1)), target="deploy/shop/cart")
    assert "its load or its data decides" in differ.reasons[1]


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (WorkloadSeries("cart-1/app", ()), "no life was seen from its start to its death"),
        (lives((8, 94, 2.0, 1), ended=False), "no life was seen from its start to its death; one was seen in part"),
        (lives((8, 20, 2.0, 1)), "one life went: from 8.00 MiB to 20.0 MiB of 96.0 MiB (21 %)"),
    ],
    ids=["nothing was sampled", "it still lives", "it died far below its limit"],
)
def test_the_verdict_goes_no_further_than_what_was_seen(seen, why):
    there = loop()
    elsewhere = replace(there, kills=tuple(replace(kill, boundary=None) for kill in there.kills))
    verdict = judged(elsewhere, seen, target="deploy/shop/cart")
    assert (verdict.name, verdict.probability) == (VerdictName.CANNOT_TELL, None)
    assert any(reason.startswith(why) for reason in verdict.reasons)
    assert "oakum investigate deploy/shop/cart" in verdict.settles


def test_who_ends_by_itself_is_told_not_to_die_for_memory_and_no_canary_is_started():
    ends = loop(kind=KillKind.EXITED)
    verdict = judged(ends, lives((8, 9, 2.0, 1)), target="deploy/shop/cart")
    assert verdict.name is VerdictName.CANNOT_TELL
    assert verdict.reasons[0] == "it does not die for memory: exited, exit code 1"
    (step,) = crash_plan(ends, workload="deploy/shop/cart", context=None).steps
    assert step.command == "kubectl -n shop logs cart-1 -c app --previous --tail=50"


def test_a_life_is_whole_where_its_first_and_last_samples_are_near_its_start_and_its_death():
    (life,) = lives_of(lives((8, 94, 2.0, 1)))
    assert (life.whole, round(life.rate_per_s / MIB)) == (True, 43)
    (late,) = lives_of(WorkloadSeries("x", (replace(ALIKE.lifetimes[0], started_s=AT_S - 5),)))
    assert not late.whole


def test_ends_are_told_with_their_rhythm_and_the_backoff_and_settings_without_a_value_that_could_be_a_secret():
    app = container(memory_flags=("-Xmx64m",), variables=("DB_PASSWORD",))
    lines = [line for line, _ in told(loop(container=app, log="starting\njava.lang.OutOfMemoryError: Metaspace\n"))]
    assert lines[0] == (
        "cart-1/app: restarted 7 times; its last run lasted 2.00 s; about every 10 s it dies;"
        " between an end and the next start its kubelet waited 5.00 s"
    )
    assert lines[1] == "cart-1/app: its last lines tell of java.lang.OutOfMemoryError: Metaspace"
    assert lines[2] == "cart-1/app: runs serve.py, with -Xmx64m; variables: DB_PASSWORD"
    assert "held 95 MiB" in lines[3]


@pytest.mark.parametrize(
    ("log", "runtime", "words"),
    [
        (
            "x\njava.lang.OutOfMemoryError: Java heap space\n\tat a.B",
            "jvm",
            "java.lang.OutOfMemoryError: Java heap space",
        ),
        (
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            "node",
            "V8: Reached heap limit",
        ),
        ("Traceback (most recent call last):\n  File\nMemoryError\n", "python", "MemoryError"),
        ("fatal error: runtime: out of memory", "go", "runtime: out of memory"),
        ("failed to allocate memory (NoMemoryError)", "ruby", "NoMemoryError"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "native", "std::bad_alloc"),
    ],
)
def test_last_words_are_known_by_their_runtime(log, runtime, words):
    found = last_words(log)
    assert found.runtime == runtime
    assert found.words.startswith(words)


def test_lines_that_say_nothing_of_memory_are_not_told_themselves():
    assert last_words("password=hunter2\nmy MemoryErrorHandler is installed") is None
    lines = [line for line, _ in told(loop(log="password=hunter2\n"))]
    assert "hunter2" not in " ".join(lines)
    assert lines[1] == "cart-1/app: its last 1 lines say nothing of memory"


def test_a_jvm_is_asked_for_a_dump_where_restarts_keep_it_and_its_heap_is_bounded_below_the_limit():
    app = container(program="java", variables=("JAVA_TOOL_OPTIONS",))
    first, canary = crash_plan(loop(container=app), workload="deploy/shop/cart", context="prod").steps
    assert first.command.startswith("kubectl --context prod -n shop patch deployment/cart -p '")
    patch = json.loads(first.command.partition(" -p ")[2].strip("'"))
    spec = patch["spec"]["template"]["spec"]
    (env,) = spec["containers"][0]["env"]
    assert env["name"] == "JDK_JAVA_OPTIONS"
    assert "-XX:+HeapDumpOnOutOfMemoryError" in env["value"]
    assert "-XX:MaxRAMPercentage=60" in env["value"]
    assert spec["volumes"][0]["emptyDir"]
    assert first.undo == "kubectl --context prod -n shop rollout undo deployment/cart"
    assert "memory limit 384 MiB" in canary.risk


def test_a_sidecar_is_patched_where_it_stands_among_the_init_containers():
    app = container(program="java", role=Role.SIDECAR)
    first, _ = crash_plan(loop(container=app), workload="deploy/shop/cart", context=None).steps
    spec = json.loads(first.command.partition(" -p ")[2].strip("'"))["spec"]["template"]["spec"]
    assert "containers" not in spec
    assert [each["name"] for each in spec["initContainers"]] == ["app"]


@pytest.mark.parametrize(
    ("context", "named"),
    [
        (None, "deploy/shop/cart-canary"),
        ("prod", "deploy/shop/cart-canary@prod"),
        ("a b", "'deploy/shop/cart-canary@a b'"),
    ],
)
def test_the_canary_is_looked_into_where_it_was_made(context, named):
    (canary,) = crash_plan(loop(), workload="deploy/shop/cart", context=context).steps
    assert canary.effect.endswith(f"oakum investigate {named}")


def test_node_writes_a_snapshot_before_its_heap_is_full_and_python_is_traced_in_a_canary():
    first, _ = crash_plan(loop(container=container(program="node")), workload="sts/shop/cart", context=None).steps
    assert "--heapsnapshot-near-heap-limit=1" in first.command
    assert "--max-old-space-size=57" in first.command
    assert "patch statefulset/cart" in first.command
    (canary,) = crash_plan(loop(), workload="deploy/shop/cart", context=None).steps
    assert "PYTHONTRACEMALLOC=10" in canary.risk
    assert canary.undo == "kubectl -n shop delete deployment/cart-canary"


def test_the_runtime_is_told_by_its_words_then_its_flags_then_its_program_then_the_kernel_s_victim():
    assert runtime_of(loop(log="MemoryError\n", container=container(memory_flags=("-Xmx1g",)))) == "python"
    assert runtime_of(loop(container=container(program="", memory_flags=("--max-old-space-size=64",)))) == "node"
    assert runtime_of(loop(container=container(program=""))) == "python"
