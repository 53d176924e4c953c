"""Pods of ours on a node: what the API is given, and what it says when it takes none.

Source of the fields: kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1.
"""

from __future__ import annotations

from typing import Any

from oakum.kube.api import Api
from oakum.kube.decode.fields import table, text
from oakum.kube.decode.pod import pod as decode_pod
from oakum.kube.faults import answered
from oakum.kube.resources import PODS
from oakum.model.cluster_pod import Pod
from oakum.model.errors import InternalError, OakumError, RefusedError, TargetError
from oakum.model.node_pod import AGAIN, CONTAINER, LABELS, MEMORY_BYTES, REQUEST_BYTES, NodePod
from oakum.model.rights import HOME

ENDS_WITHIN_S = 10
"""What it began in the target's folders it removes in this time, once it is asked to end, in seconds."""


def manifest(wanted: NodePod) -> dict[str, Any]:
    """Nobody owns it, so nothing makes it again; no scheduler places it, so cordons and taints do not keep it out."""
    container = {
        "name": CONTAINER,
        "image": wanted.image,
        "command": list(wanted.command),
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "privileged": True,
            "runAsUser": 0,
            "runAsNonRoot": False,
            "readOnlyRootFilesystem": True,
        },
        "resources": {
            "requests": {"memory": str(REQUEST_BYTES), "cpu": "50m", "ephemeral-storage": "1Mi"},
            "limits": {"memory": str(MEMORY_BYTES), "cpu": "1", "ephemeral-storage": "16Mi"},
        },
    }
    spec = {
        "nodeName": wanted.node,
        "hostPID": True,
        "restartPolicy": "Never",
        "activeDeadlineSeconds": wanted.ends_s,
        "terminationGracePeriodSeconds": ENDS_WITHIN_S,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
    }
    meta = {
        "name": wanted.name,
        "namespace": wanted.namespace,
        "labels": dict(LABELS),
        "annotations": {"oakum/looks-at": wanted.looks_at, "oakum/image": wanted.image},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


async def make(api: Api, wanted: NodePod) -> Pod:
    """Raises TargetError where it is refused."""
    call = PODS.call("create", wanted.namespace)
    try:
        body = await api.create(PODS.path(wanted.namespace), call, manifest(wanted), dry=False)
    except (InternalError, TargetError) as exc:
        code = answered(exc)
        if code == 409:
            # Its name is of chance: an answer that was lost on its way was ours, and it was asked again.
            return await _there(api, wanted, exc)
        raise _refused(wanted, code, exc) from exc
    return decode_pod(body)


async def remove(api: Api, namespace: str, name: str, uid: str = "") -> bool:
    """``uid``: of the very one that is meant, "" for whichever has that name. False: it is gone already.

    Raises TargetError.
    """
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    if uid:
        body["preconditions"] = {"uid": uid}
    try:
        await api.delete(PODS.path(namespace, name), PODS.call("delete", namespace, name), body)
    except (InternalError, TargetError) as exc:
        # Of 409: another one has that name by now.
        if answered(exc) in {404, 409}:
            return False
        raise
    return True


async def _there(api: Api, wanted: NodePod, refused: OakumError) -> Pod:
    call = PODS.call("get", wanted.namespace, wanted.name)
    body = await api.get(PODS.path(wanted.namespace, wanted.name), call)
    if text(table(body, "metadata", "annotations"), "oakum/looks-at") != wanted.looks_at:
        raise refused
    return decode_pod(body)


def _refused(wanted: NodePod, code: int | None, exc: OakumError) -> OakumError:
    """By whom, and what to do about it. What is no refusal is told as it came."""
    where, what = wanted.namespace, f"namespace {wanted.namespace} takes no pod on node {wanted.node}"
    other = f"{AGAIN} --node-pod-namespace NAME"
    if code == 404:
        get = f"{other}; or oakum doctor --role node-pod | kubectl apply -f -    # which makes namespace {HOME}"
        return TargetError(what, why=f"there is no namespace {where}", next_step=get)
    for mark, whose in (("PodSecurity", "its pod security"), ("exceeded quota", "its quota")):
        if code == 403 and mark in exc.why:
            return TargetError(
                what, why=f"{whose} forbids it: {exc.why}", next_step=f"{other}    # of one that allows it"
            )
    if not isinstance(exc, InternalError | RefusedError):
        return exc
    return TargetError(what, why=exc.why, next_step=f"kubectl describe namespace {where}; or {other}")
