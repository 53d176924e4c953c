"""Commands that are printed for a cluster that was named ask that one, whatever its user's kubectl would ask."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples_render import leak

from oakum.loop.in_context import InContext
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import TargetError
from oakum.model.scan import Scan, Window
from oakum.model.step import Plan, Step

PROD = InContext("prod")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("kubectl cluster-info    # is it up?", "kubectl --context prod cluster-info    # is it up?"),
        ("kubectl -n shop get pods", "kubectl --context prod -n shop get pods"),
        ("kubectl --context prod get pods", "kubectl --context prod get pods"),
        ("kubectl --context=other get pods", "kubectl --context=other get pods"),
        (
            "kubectl get pod cart -o yaml > f && vi f && kubectl create -f f",
            "kubectl --context prod get pod cart -o yaml > f && vi f && kubectl --context prod create -f f",
        ),
        (
            "oakum doctor --role read | kubectl apply -f -    # by who may give roles",
            "oakum doctor --role read | kubectl --context prod apply -f -    # by who may give roles",
        ),
        ("kubectl config get-contexts", "kubectl config get-contexts"),
        ("kubectl config view; env | grep -i proxy", "kubectl config view; env | grep -i proxy"),
        ("oakum investigate deploy/shop/cart@prod", "oakum investigate deploy/shop/cart@prod"),
        ("", ""),
    ],
)
def test_each_kubectl_asks_the_context_that_was_named_once(told, expected):
    assert PROD.command(told) == expected
    assert PROD.command(expected) == expected
    assert InContext(None).command(told) == told


def test_a_name_that_a_shell_would_take_apart_is_quoted():
    assert InContext("my cluster").command("kubectl get pods") == "kubectl --context 'my cluster' get pods"


def test_what_is_absent_what_is_planned_and_what_fails_say_it():
    absent = Absent("its heap", AbsentKind.NOT_YET, "kubectl is not asked", "kubectl get pods")
    step = Step("t", "e", "r", command="kubectl delete pod cart", undo="kubectl create -f cart.yaml")
    found = PROD.investigation(replace(leak(), absent=(absent,), plan=Plan((step,))))
    (missed,), (planned,) = found.absent, found.plan.steps
    assert (missed.get, missed.why) == ("kubectl --context prod get pods", absent.why)
    assert (planned.command, planned.undo) == (
        "kubectl --context prod delete pod cart",
        "kubectl --context prod create -f cart.yaml",
    )
    scanned = PROD.scan(Scan("kube://prod", 0.0, Window(0.0, 1.0, None), (), (), (absent,)))
    assert scanned.absent == (missed,)
    with pytest.raises(TargetError) as raised, PROD.errors():
        raise TargetError("gone", next_step="kubectl get nodes")
    assert raised.value.next_step == "kubectl --context prod get nodes"
