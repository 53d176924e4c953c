"""One deed per file. Each looks at the world before it acts, so that it can be asked again after being cut off."""

from __future__ import annotations

from typing import Protocol

from oakum.act.steps.collect import CollectDeed
from oakum.act.steps.evidence import EvidenceDeed
from oakum.act.steps.limit import LimitDeed
from oakum.act.steps.restart import RestartDeed, StopDeed
from oakum.act.tools import Data, Done, Tools
from oakum.model.action import Action, Collect, KeepEvidence, Restart, SetLimit, Stop


class Deed(Protocol):
    """How one action is done, gone on with, and taken back."""

    def before(self, earlier: Data | None) -> Data:
        """The undo data, recorded before anything changes. ``earlier``: of a try that failed.

        Raises RefusedError where the moment has become a bad one.
        """

    def do(self, data: Data) -> Done:
        """Also after having been cut off anywhere in itself. Raises OakumError."""

    def undo(self, data: Data) -> str:
        """What was done is taken back, also after having been cut off. Raises OakumError."""


def deed_for(action: Action, tools: Tools) -> Deed:
    match action:
        case KeepEvidence():
            return EvidenceDeed(tools)
        case Restart():
            return RestartDeed(action, tools)
        case Stop():
            return StopDeed(action, tools)
        case SetLimit():
            return LimitDeed(action, tools)
        case Collect():
            return CollectDeed(action, tools)
