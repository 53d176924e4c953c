"""What is printed of a process in a container elsewhere: its pid is one of the container, and never of this machine.

Such a command is asked of the workload again, or runs in the container by kubectl.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from shlex import quote
from typing import Final

from oakum.loop.in_context import InContext
from oakum.model.absent import Absent
from oakum.model.cluster_pod import ContainerName
from oakum.model.step import Step
from oakum.model.target import PodTarget, WorkloadTarget

ON_ITS_NODE: Final = "the same command on its node, as root"

_INVESTIGATE: Final = re.compile(r"(?:sudo )?oakum investigate (?:pid/[0-9]+|cgroup/\S+)(?=\s|$)")
_OTHER: Final = re.compile(r"(?:sudo )?oakum [a-z][a-z -]* (?:pid/[0-9]+|cgroup/\S+)")
_INSIDE: Final = re.compile(r"(?:kill|jcmd|grep|ls|cat|memray attach)\b.*(?<![\w.])[0-9]+\b")
_NATIVE: Final = re.compile(r"df -h \. && grep VmData /proc/|memleak-bpfcc -p ")
_REMOTE: Final = "sys.remote_exec("
_WAYS: Final = re.compile(r"(; (?:or|then) )")


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """``options``: those that looked into it this time (``--exec``). ``numbered``: pids are its node's, so a command
    with one is for that node and not for the container.
    """

    target: WorkloadTarget | PodTarget
    container: ContainerName
    options: str
    numbered: bool = False

    @property
    def again(self) -> str:
        return f"oakum investigate {self.target} {self.options}".rstrip()

    def absent(self, absent: Absent) -> Absent:
        return replace(absent, get="".join(map(self._way, _WAYS.split(absent.get))))

    def step(self, step: Step) -> Step:
        """Its command as a whole: it may be a script."""
        if _REMOTE in step.command or step.command.startswith("memray attach"):
            return replace(step, command=self._inside(step.command))
        return replace(step, command=self._way(step.command))

    def _way(self, text: str) -> str:
        """One of several that are told: what follows # is no part of the command."""
        command, mark, comment = text.partition("    # ")
        told = _INVESTIGATE.sub(lambda _: self.again, command)
        if _OTHER.search(told) or (_NATIVE.match(told) and not self.numbered):
            return ON_ITS_NODE  # a core would fill the container's disk
        if _INSIDE.match(told) or _NATIVE.match(told):
            told = self._inside(told)
        return self._kubectl(told) + mark + comment

    def _inside(self, command: str) -> str:
        if self.numbered:
            return f"{command}    # on its node, as root"
        name = self.container
        told = f"kubectl -n {name.namespace} exec {name.pod} -c {name.container} -- sh -c {quote(command)}"
        return self._kubectl(told)

    def _kubectl(self, command: str) -> str:
        """With the context and the pod that were asked: its user's own may be others."""
        if command == "kubectl get pods":
            command = f"kubectl -n {self.container.namespace} get pod {self.container.pod}"
        return InContext(self.target.context).command(command)
