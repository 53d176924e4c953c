"""Accounts with the roles that ``oakum doctor --role`` prints, on a real API server: all that is promised, and no more.

The manifests are applied as they are, under names of the test's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from planted import ended

from oakum.kube import cluster as open_cluster
from oakum.model.cluster_pod import ContainerName
from oakum.model.errors import TargetError
from oakum.model.rights import RIGHTS, Capability

OAKUM = Path(sys.executable).with_name("oakum")
READING = {"get", "list", "watch"}

pytestmark = pytest.mark.cluster


def oakum(*arguments, kubeconfig=None):
    environment = {**os.environ, **({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})}
    return subprocess.run([OAKUM, *arguments], env=environment, capture_output=True, text=True, timeout=90, check=False)


class Account:
    """With its role alone. ``token``: by TokenRequest, for ten minutes."""

    def __init__(self, namespace, folder, capability, *, within):
        self.namespace, self.capability = namespace, capability
        option = ("--namespace", namespace.namespace) if within else ()
        printed = oakum("doctor", "--role", capability, *option, "-o", "json")
        assert printed.returncode == 0, printed.stderr
        name = namespace.namespace
        self.role = printed.stdout.replace(f'"oakum-{capability}', f'"{name}-{capability}').replace(
            '"oakum"', f'"{name}"'
        )
        namespace.run("apply", "-f", "-", stdin=self.role)
        self.token = namespace.run("create", "token", f"{name}-{capability}", "--duration=10m").strip()
        told = json.loads(namespace.run("config", "view", "--raw", "--minify", "-o", "json"))
        self.secrets = [self.token, *(str(each) for each in told["users"][0]["user"].values())]
        self.secrets.append(told["clusters"][0]["cluster"].get("certificate-authority-data") or self.token)
        told["users"][0]["user"] = {"token": self.token}
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(told))

    def remove(self):
        """The namespace stays: other tests are in it."""
        told = json.loads(self.role)
        told["items"] = [each for each in told["items"] if each["kind"] != "Namespace"]
        self.namespace.run("delete", "--wait=false", "-f", "-", stdin=json.dumps(told))

    def told(self, *arguments, codes=(0,)):
        """Decoded; nothing that proves who we are is in it."""
        done = oakum(*arguments, "-o", "json", kubeconfig=self.kubeconfig)
        assert done.returncode in codes, done.stderr
        assert not [secret for secret in self.secrets if secret in done.stdout + done.stderr]
        return json.loads(done.stdout)

    def investigated(self, app):
        return self.told(
            *("investigate", f"deploy/{self.namespace.namespace}/{app}", "--for", "5s", "--no-capture", "--exec"),
            codes=(0, 1, 5),
        )

    def lacks(self, *option):
        """What doctor says is missing, by capability."""
        rows = [each for each in self.told("doctor", *option)["facts"] if each["name"].startswith("cluster, ")]
        assert {each["name"] for each in rows} == {right.title for right in RIGHTS}
        return {each["name"].removeprefix("cluster, "): each["finding"] for each in rows if not each["ok"]}

    def asked(self, journey):
        async def run():
            environment = {"KUBECONFIG": str(self.kubeconfig)}
            async with open_cluster(environment=environment, home=Path("/nowhere")) as cluster:
                return await journey(cluster)

        return anyio.run(run)

    def verbs(self):
        """The verbs that the cluster itself says that this account has here, by resource."""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": self.namespace.namespace},
        }
        asked = ("--kubeconfig", str(self.kubeconfig), "create", "--validate=false", "-f", "-", "-o", "json")
        rules = json.loads(self.namespace.run(*asked, stdin=json.dumps(review)))["status"]["resourceRules"]
        mine = [
            rule for rule in rules if rule["apiGroups"] not in (["authorization.k8s.io"], ["authentication.k8s.io"])
        ]
        return {resource: set(rule["verbs"]) for rule in mine for resource in rule["resources"]}


@pytest.fixture(scope="module")
def reader(namespace, tmp_path_factory):
    made = Account(namespace, tmp_path_factory.mktemp("read"), Capability.READ, within=False)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def capturer(namespace, tmp_path_factory):
    made = Account(namespace, tmp_path_factory.mktemp("capture"), Capability.CAPTURE, within=True)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def web(namespace, steady):
    """The service of ``steady``, at port 80, once its controller has told of the pod behind it."""
    namespace.run("expose", "deployment/steady", "--name=steady-web", "--port=80", "--target-port=8000")
    asked = ("get", "endpointslices", "-l", "kubernetes.io/service-name=steady-web", "-o", "json")
    namespace.until("an endpoint", lambda: steady in namespace.run(*asked))
    yield "steady-web"
    namespace.run("delete", "service", "steady-web", "--wait=false")


def rights(capability):
    return {right.title.removeprefix("cluster, ") for right in RIGHTS if right.capability == capability}


def refused(found):
    return {
        each["what"] for each in found["absent"] if each["kind"] == "not-permitted" and "kernel" not in each["what"]
    }


def state(namespace):
    """What is wished for, of all in the namespace and of the nodes; what happens by itself is left out."""
    kinds = "pods,deployments,replicasets,serviceaccounts,configmaps,secrets,services,roles,rolebindings"
    items = json.loads(namespace.run("get", kinds, "-o", "json"))["items"]
    items += json.loads(namespace.run("get", "nodes", "-o", "json"))["items"]
    return {
        (each["kind"], each["metadata"]["name"]): (
            each["metadata"]["uid"],
            each["metadata"].get("labels"),
            each.get("spec"),
            each.get("data"),
        )
        for each in items
    }


def test_with_the_read_role_all_that_is_promised_is_told_and_what_is_missing_is_named_and_nothing_changes(
    namespace, steady, reader
):
    namespace.apply("hasty")
    ended(namespace, "hasty")
    ends = [each for each in reader.investigated("hasty")["evidence"] if each["id"].startswith("kill")]
    before = state(namespace)
    found = reader.investigated("steady")
    after = state(namespace)
    assert after == before
    # Of the runs that the cluster tells of; the kernel may have told of the next one already.
    assert {each["facts"]["kind"] for each in ends if each["facts"]["run"] is not None} == {"oom-killed"}
    (container,) = [each["facts"] for each in found["evidence"] if each["id"] == "container"]
    assert container["limit_bytes"] > 0
    # By its kubelet.
    assert container["rss_bytes"] > 0
    assert {"workload", "node", "memory"} <= {each["id"] for each in found["evidence"]}
    named = {right.name for right in RIGHTS if right.capability == Capability.CAPTURE}
    # Off the node it is told of memory in the right's place.
    spoken = {"programs in containers" if each.startswith("the memory") else each for each in refused(found)}
    assert spoken == named
    assert set(reader.lacks()) == rights(Capability.CAPTURE) | rights(Capability.ACT) | rights(Capability.NODE_POD)


def test_what_the_read_role_is_said_to_lack_it_lacks_and_the_cluster_lets_it_change_nothing(namespace, steady, reader):
    async def journey(cluster):
        with pytest.raises(TargetError, match="not allowed to create pods/exec"):
            await cluster.run(ContainerName(namespace.namespace, steady, "app"), ["true"], within_s=20)

    reader.asked(journey)
    verbs = reader.verbs()
    assert set().union(*verbs.values()) <= READING
    assert not {"secrets", "configmaps", "*"} & set(verbs)


def test_with_the_capture_role_of_one_namespace_programs_and_ports_are_reached_there_alone(
    namespace, steady, web, capturer
):
    found = capturer.investigated("steady")
    (container,) = [each["facts"] for each in found["evidence"] if each["id"] == "container"]
    assert container["limit_bytes"] > 0
    named = {right.name for right in RIGHTS if right.capability == Capability.CAPTURE}
    assert not refused(found) & named
    # What belongs to no namespace is not in it, and is named.
    assert [each for each in refused(found) if each.startswith("node ")]
    lacking = capturer.lacks("--namespace", namespace.namespace)
    assert set(lacking) == {"read: names of namespaces", "read: nodes", "read: what containers use"} | rights(
        Capability.ACT
    ) | rights(Capability.NODE_POD)

    async def journey(cluster):
        done = await cluster.run(ContainerName(namespace.namespace, steady, "app"), ["echo", "in"], within_s=20)
        assert done.out == b"in\n"
        (behind,) = await cluster.backends(namespace.namespace, web, 80)
        assert (behind.pod, behind.port) == (steady, 8000)
        async with cluster.forward(namespace.namespace, behind.pod, behind.port) as tunnel:
            await tunnel.send(b"GET / HTTP/1.0\r\n\r\n")
            assert (await tunnel.receive()).startswith(b"HTTP/1")
        with pytest.raises(TargetError, match="not allowed to list pods"):
            await cluster.pods("kube-system")

    capturer.asked(journey)
    changing = {resource: each - READING for resource, each in capturer.verbs().items() if each - READING}
    assert changing == {
        "pods/exec": {"create"},
        "pods/portforward": {"create"},
        "pods/ephemeralcontainers": {"patch"},
    }


def test_with_the_role_for_pods_on_nodes_pods_are_made_and_deleted_beside_what_captures(namespace, capturer, tmp_path):
    maker = Account(namespace, tmp_path, Capability.NODE_POD, within=True)
    try:
        told, others = maker.verbs(), capturer.verbs()
    finally:
        maker.remove()
    assert {name: each - others.get(name, set()) for name, each in told.items() if each != others.get(name)} == {
        "pods": {"create", "delete"}
    }


def test_with_the_act_role_every_writing_verb_is_taken_and_with_the_capture_role_none(
    namespace, steady, capturer, tmp_path
):
    async def journey(cluster):
        where, hands = namespace.namespace, cluster.hands
        pod = await cluster.pod(where, steady)
        steadily = await cluster.workload("deploy", where, "steady")
        limit = pod.containers[0].limit_bytes + (1 << 20)
        deeds = [
            hands.restart(steadily, at_s=1.0, dry=True),
            hands.scale(steadily, 2, dry=True),
            hands.resize(pod, "app", limit_bytes=limit, dry=True),
            hands.evict(pod, dry=True),
        ]
        told = []
        for deed in deeds:
            try:
                told.append((await deed).did)
            except TargetError as exc:
                told.append(exc.what.split(" in ")[0])
        return told

    before = state(namespace)
    actor = Account(namespace, tmp_path, Capability.ACT, within=True)
    try:
        assert actor.asked(journey) == [True] * 4
    finally:
        actor.remove()
    assert capturer.asked(journey) == [
        "not allowed to patch deployments steady",
        "not allowed to get deployments/scale steady",
        f"not allowed to patch pods/resize {steady}",
        f"not allowed to create pods/eviction {steady}",
    ]
    after = state(namespace)
    # The account came and goes.
    assert {name: each for name, each in after.items() if "-act" not in name[1]} == before
