"""What is printed of a process in a container elsewhere: no pid of it is named as if it were one of this machine."""

from __future__ import annotations

import errno
import re
import signal
from dataclasses import replace

import pytest
from examples_render import leak

from oakum.explain.deeper import deeper_steps
from oakum.explain.plan import plan
from oakum.host.afar.agent import gone
from oakum.host.attach_words import Words
from oakum.loop.on_node import Looked, both
from oakum.loop.out_of_reach import ON_ITS_NODE, OutOfReach
from oakum.model.absent import Absent, AbsentKind
from oakum.model.by_hand import core_command
from oakum.model.cluster_pod import ContainerName
from oakum.model.container_memory import ContainerMemory
from oakum.model.deeper import Deeper
from oakum.model.policy import Policy
from oakum.model.step import Plan
from oakum.model.target import parse_target
from oakum.probe.node_signalled import how

PID = 7
TARGET = parse_target("deploy/shop/cart@prod")
AFAR = OutOfReach(TARGET, ContainerName("shop", "cart-1", "app"), "--exec")
INSIDE = "kubectl --context prod -n shop exec cart-1 -c app -- "
GROUP = "cgroup/abcd"
DEEPER = Deeper(PID, (3, 14), ("python3",), "/venv/memray", readable=True, remote=True)
GETS = [
    f"oakum investigate pid/{PID} --inspect",
    f"kill -CONT {PID}; then the same command",
    f"start it without -Xrs; or {how(PID, signal.SIGUSR2)}",
    f"jcmd {PID} Dump.heap file=/path/heap.hprof of its own JDK; then oakum heap analyze FILE",
    f"oakum heap capture pid/{PID} -f worker.heapsnapshot.zst --inspect --worker 3",
    f"sudo oakum investigate pid/{PID}",
    gone(PID).next_step,
    *(
        Words(PID).unreached(answer).get
        for answer in ({"is": "closed"}, {"is": "foreign"}, {"is": "x", "errno": errno.EPERM})
    ),
    Words(PID).silent("version", 1.0).next_step,
    Words(PID).hung_up("version", "it ended").next_step,
    Words(PID).too_slow("histogram", 1.0).next_step,
    core_command(PID),
    f"memleak-bpfcc -p {PID} --older 20000 -T 10 30 2",
]


def absent(get):
    return Absent("its heap", AbsentKind.NOT_YET, "it was not agreed to", get)


def named_here(command):
    """Whether it would act on this machine's process of that number."""
    outside = re.sub(re.escape(INSIDE) + r"sh -c '[^']*(?:'\"'\"'[^']*)*'", "", command)
    outside = " ".join(part.partition("    # ")[0] for part in outside.split("; "))
    return re.search(rf"pid/|\bkill -|/proc/|(?<![\w.]){PID}(?![\w.])", outside) is not None


def answered(*, gets=(), inspected=False):
    found = leak()
    steps = plan(found.verdict, found.causes, GROUP, Policy(), inspected=inspected).steps
    steps += deeper_steps((), DEEPER, 1e8)
    found = replace(found, plan=Plan(steps), absent=tuple(map(absent, gets)))
    worst = ContainerMemory("shop", "cart-1", "u1", "app", "abcd", "", "n1", "", found.series, found.verdict)
    # Of a cluster no plan is told but the way back from a rollout.
    return both(TARGET, Looked(replace(leak(), plan=Plan()), worst), worst, found, GROUP, afar=AFAR)


def test_from_afar_no_step_and_no_absent_names_a_pid_of_the_container_as_one_of_this_machine():
    assert all(named_here(get) for get in GETS if "pods" not in get and "oakum as" not in get)
    found = answered(gets=GETS)
    told = [*(step.command for step in found.plan.steps), *(each.get for each in found.absent)]
    assert not [command for command in told if named_here(command)]


@pytest.mark.parametrize(
    ("get", "expected"),
    [
        (GETS[0], "oakum investigate deploy/shop/cart@prod --exec --inspect"),
        (GETS[1], f"{INSIDE}sh -c 'kill -CONT 7'; then the same command"),
        (GETS[4], ON_ITS_NODE),
        (core_command(PID), ON_ITS_NODE),
        (GETS[5], "oakum investigate deploy/shop/cart@prod --exec"),
        (f"{GETS[0][:-10]} --max-bytes 2GiB", "oakum investigate deploy/shop/cart@prod --exec --max-bytes 2GiB"),
        ("kubectl get pods", "kubectl --context prod -n shop get pod cart-1"),
        ("a role that may create pods/exec", "a role that may create pods/exec"),
    ],
)
def test_what_would_get_it_is_asked_of_the_workload_or_run_in_its_container(get, expected):
    assert AFAR.absent(absent(get)).get == expected


def test_keeping_the_evidence_says_again_how_it_was_looked_into():
    keep = answered(inspected=True).plan.steps[0]
    assert keep.command == "oakum investigate deploy/shop/cart@prod --exec --inspect -o html -f leak.html"


def test_memray_is_attached_by_a_program_in_the_container():
    memray = next(step for step in answered().plan.steps if "memray attach" in step.command)
    assert memray.command.startswith(f"{INSIDE}sh -c 'memray attach")


@pytest.mark.parametrize(
    ("get", "expected"),
    [
        (GETS[0], "oakum investigate deploy/shop/cart@prod --exec --inspect"),
        (GETS[1], f"kill -CONT {PID}    # on its node, as root; then the same command"),
        (GETS[4], ON_ITS_NODE),
        (core_command(PID), f"{core_command(PID)}    # on its node, as root"),
    ],
)
def test_a_pid_that_its_node_told_is_never_meant_inside_its_container(get, expected):
    assert replace(AFAR, numbered=True).absent(absent(get)).get == expected
