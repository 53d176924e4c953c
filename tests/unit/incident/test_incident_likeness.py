"""What a series is known by in the next scan."""

from __future__ import annotations

import pytest

from oakum.incident import likeness


def known(name, **labels):
    return likeness(name, labels, host="h")


@pytest.mark.parametrize(
    ("was", "pod", "now", "next_pod"),
    [
        (
            "pod/shop/cart-5d8f7c9b4-x2x9z/app",
            "cart-5d8f7c9b4-x2x9z",
            "pod/shop/cart-77bfd6-9q2lk/app",
            "cart-77bfd6-9q2lk",
        ),
        ("pod/shop/log-x2x9z/app@eu", "log-x2x9z", "pod/shop/log-7hbcd/app@eu", "log-7hbcd"),
    ],
)
def test_a_pod_that_nobody_owns_is_known_without_the_end_of_its_name(was, pod, now, next_pod):
    assert known(was, pod=pod) == known(now, pod=next_pod)


def test_what_has_a_name_of_its_own_keeps_it():
    assert known("sts/db/pg/app", pod="pg-0") == "sts/db/pg/app"
    assert known("pod/db/pg-0/app", pod="pg-0") != known("pod/db/pg-1/app", pod="pg-1")
    assert known("pod/db/my-proxy/app", pod="my-proxy") == "pod/db/my-proxy/app"
    assert known("deploy/shop/cart/app", pod="cart-5d8f7c9b4-x2x9z") == "deploy/shop/cart/app"
    assert known("a series") == "a series"


def test_a_process_is_known_by_its_service_and_command_and_not_by_its_number():
    labels = {"command": "python shop.py", "cgroup": "/system.slice/shop.service"}
    assert known("pid/7", **labels) == known("pid/8", **labels)
    assert known("pid/7", **labels) != known("pid/7", **{**labels, "command": "python till.py"})
    assert known("cgroup/a") != likeness("cgroup/a", {}, host="other")
