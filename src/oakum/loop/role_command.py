"""The command that gives somebody what they lack in a cluster. It names who asked, as the cluster itself knows them."""

from __future__ import annotations

from shlex import quote

from oakum.model.absent import Absent
from oakum.model.cluster import Cluster
from oakum.model.rights import Capability


async def role_command(cluster: Cluster, capability: Capability, namespace: str = "") -> str:
    """``namespace``: of which alone; "" for the whole cluster. Raises nothing: who asked is left out where not told."""
    option = f" --namespace {namespace}" if namespace else ""
    who = await cluster.whoami()
    to = "" if isinstance(who, Absent) else f" --to {quote(who)}"
    return f"oakum doctor --role {capability}{option}{to} | kubectl apply -f -    # by who may give roles"
