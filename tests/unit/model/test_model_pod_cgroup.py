"""Which pod and container a cgroup is."""

from __future__ import annotations

import pytest

from oakum.model.pod_cgroup import PodCgroup, above_pods, pod_cgroup

UID = "0f3a1b2c-1111-4222-8333-444455556666"
ID = "ab" * 32


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"/kubepods/burstable/pod{UID}/{ID}", PodCgroup(UID, ID)),
        (f"/kubelet/kubepods/pod{UID}", PodCgroup(UID, "")),
        (
            f"/kubepods.slice/x.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice/cri-containerd-{ID}.scope",
            PodCgroup(UID, ID),
        ),
        (f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/crio-{ID}.scope", PodCgroup(UID, ID)),
        (f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice", PodCgroup(UID, "")),
        (f"/kubepods/burstable/pod{'c' * 32}/{ID}", PodCgroup("c" * 32, ID)),
        (f"/kubepods/pod{UID}/{ID}/child", PodCgroup(UID, ID)),
        ("/kubepods/burstable", None),
        ("/system.slice/podman.service", None),
        (f"/system.slice/docker-{ID}.scope", None),
        ("", None),
    ],
)
def test_the_path_names_pod_and_container_with_either_driver(path, found):
    assert pod_cgroup(path) == found


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/kubepods", True),
        ("/kubepods/burstable", True),
        ("/oakum-lab/kubepods", True),
        ("/kubepods.slice", True),
        ("/kubepods.slice/kubepods-besteffort.slice", True),
        (f"/kubepods/pod{UID}", False),
        ("/system.slice", False),
        ("/", False),
    ],
)
def test_the_cgroup_of_all_pods_is_known(path, above):
    assert above_pods(path) is above
