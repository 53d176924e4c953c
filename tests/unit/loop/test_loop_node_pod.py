"""A pod of ours on a node goes with the command, however that is ended from outside."""

from __future__ import annotations

import os
import signal
import time
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from oakum.cli.endings import ended_by_signals
from oakum.loop.bridge import bridge
from oakum.loop.node_pod import lodged
from oakum.model.cluster_pod import Running
from oakum.model.node_pod import NodePod

WANTED = NodePod("oakum", "oakum-node-pod-1", "worker-1", "python:3", ("sleep",), "pod/shop/cart-0", 60)


class Home:
    """A cluster of nothing but that pod. ``ends``: the signal that comes while it is waited for, None: later."""

    def __init__(self, ends=None):
        self.pods, self.ends = set(), ends

    @asynccontextmanager
    async def opened(self):
        yield self

    async def make_node_pod(self, wanted):
        self.pods.add(wanted.name)

    async def pod(self, namespace, name):
        del namespace
        assert name in self.pods
        if self.ends is not None:
            os.kill(os.getpid(), self.ends)
        container = SimpleNamespace(state=None if self.ends else Running(0.0))
        return SimpleNamespace(phase="", container=lambda _: container)

    async def remove_node_pod(self, namespace, name):
        assert namespace == WANTED.namespace
        self.pods.discard(name)


@ended_by_signals()
def command(home, number):
    """As ``oakum investigate`` is: it looks, until the signal comes."""
    with bridge(home.opened) as joined, lodged(joined, WANTED):
        assert home.pods
        os.kill(os.getpid(), number)
        time.sleep(5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("early", [True, False])
def test_a_command_that_is_ended_from_outside_leaves_no_pod_behind(number, early):
    before, home = signal.signal(number, signal.SIG_DFL), Home(number if early else None)
    try:
        with pytest.raises(KeyboardInterrupt):
            command(home, number)
    finally:
        signal.signal(number, before)
    assert not home.pods
