"""On a real node: programs in containers, ports and logs."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import anyio
import pytest

from oakum.kube import cluster as open_cluster
from oakum.model.absent import Absent
from oakum.model.cluster_pod import ContainerName
from oakum.model.errors import TargetError

ROOT = Path(__file__).parents[2]
OAKUM = Path(sys.executable).with_name("oakum")

pytestmark = pytest.mark.cluster


def asked(journey):
    async def run():
        async with open_cluster(environment=dict(os.environ), home=Path.home()) as cluster:
            return await journey(cluster)

    return anyio.run(run)


def test_a_program_is_given_and_gives_megabytes_whole_and_its_exit_code_is_told(namespace, steady):
    name, given = ContainerName(namespace.namespace, steady, "app"), os.urandom(3_000_000)

    async def journey(cluster):
        failed = await cluster.run(name, ["sh", "-c", "echo out; echo err >&2; exit 7"], within_s=30)
        assert (failed.code, failed.out, failed.err) == (7, b"out\n", b"err\n")
        summed = await cluster.run(name, ["sha256sum"], within_s=30, given=given)
        assert summed.out.split()[0].decode() == hashlib.sha256(given).hexdigest()
        zeros = await cluster.run(name, ["head", "-c", "9000000", "/dev/zero"], within_s=30)
        assert (len(zeros.out), zeros.cut) == (9_000_000, False)
        cut = await cluster.run(name, ["head", "-c", "9000000", "/dev/zero"], within_s=30, most_bytes=1 << 20)
        assert (len(cut.out), cut.cut) == (1 << 20, True)
        assert isinstance(await cluster.run(name, ["no-such-program"], within_s=30), Absent)
        with pytest.raises(TargetError, match="takes too long"):
            await cluster.run(name, ["sleep", "20"], within_s=1)

    asked(journey)


def test_a_port_answers_and_a_closed_one_and_logs_that_never_were_are_told(namespace, steady):
    async def journey(cluster):
        async with cluster.forward(namespace.namespace, steady, 8000) as tunnel:
            await tunnel.send(b"GET / HTTP/1.0\r\n\r\n")
            assert (await tunnel.receive()).startswith(b"HTTP/1")
        async with cluster.forward(namespace.namespace, steady, 9) as tunnel:
            with pytest.raises(TargetError, match="cannot be reached"):
                await tunnel.receive()
        name = ContainerName(namespace.namespace, steady, "app")
        assert isinstance(await cluster.logs(name), str)
        assert isinstance(await cluster.logs(name, previous=True), Absent)
        pod = await cluster.pod(namespace.namespace, steady)
        usage = await cluster.usage(pod.node)
        assert (pod.uid, "app") in {(each.pod_uid, each.container) for each in usage.containers}

    asked(journey)
