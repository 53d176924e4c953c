"""What every rule of the catalogue is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.explain.source import Sites
from oakum.model.cause import CauseName, Example
from oakum.model.growth import HolderGrowth


@dataclass(frozen=True, slots=True)
class Clue:
    """One holder that grew, and what its source says. ``words``: its names, lower case, to look for hints in.

    ``language``: as of HeapGrowth.
    """

    holder: HolderGrowth
    sites: Sites
    language: str = "Python"

    @property
    def words(self) -> str:
        holder = self.holder
        return f"{holder.name} {holder.attribute} {holder.owner_type} {holder.item_type}".lower()

    @property
    def container(self) -> str:
        """dict, list, set, deque, or the name of the class."""
        kind = self.holder.kind.rpartition(".")[2]
        return {"defaultdict": "dict", "OrderedDict": "dict", "Counter": "dict", "frozenset": "set"}.get(kind, kind)


@dataclass(frozen=True, slots=True)
class Finding:
    """``fit`` 0..1: no, perhaps, yes."""

    name: CauseName
    fit: float
    why: str
    advice: str
    example: Example
