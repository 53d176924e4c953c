"""A pod of ours on one node, for who cannot be entered in another way. It has all rights there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oakum.model.cluster_pod import ContainerName

LABELS: Final = {"app.kubernetes.io/name": "oakum-node-pod", "app.kubernetes.io/managed-by": "oakum"}
SELECTOR: Final = ",".join(f"{name}={value}" for name, value in LABELS.items())
"""By which those that an earlier Oakum left are found."""

CONTAINER: Final = "oakum"
MEMORY_BYTES: Final = 128 << 20
"""Its limit. The program itself takes 32 MiB at most; the rest is for page cache, which goes again."""

REQUEST_BYTES: Final = 32 << 20
"""What is kept free for it on the node."""


AGAIN: Final = "the same command"
"""In a next step: whoever knows what was typed says it in this one's place."""


@dataclass(frozen=True, slots=True)
class NodePod:
    """``looks_at``: for whoever finds it. ``ends_s``: its node ends it after so long, in seconds, whatever became of
    who made it.
    """

    namespace: str
    name: str
    node: str
    image: str
    command: tuple[str, ...]
    looks_at: str
    ends_s: int

    @property
    def container(self) -> ContainerName:
        return ContainerName(self.namespace, self.name, CONTAINER)

    @property
    def title(self) -> str:
        return f"pod/{self.namespace}/{self.name}"
