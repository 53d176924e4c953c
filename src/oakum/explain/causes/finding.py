"""What every rule of the catalogue is given, and what it answers."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from oakum.explain.source import Sites
from oakum.model.cause import CauseName, Example
from oakum.model.growth import HolderGrowth
from oakum.model.wording import last_name

CODE = frozenset({"function", "method", "partial", "builtin_function_or_method"})
"""Classes of CPython's that are there to be called."""

CLIENTS = ("requests.", "aiohttp.", "httpx.", "boto3.", "botocore.", "sqlalchemy.", "niquests.")
"""Libraries whose sessions and clients are connections."""


def _standard(qualified: str) -> bool:
    return qualified.partition(".")[0] in sys.stdlib_module_names - {"__main__"}


def _standard_object(node: str) -> bool:
    return "." in node and not node.startswith(("module ", "class ", "function ")) and _standard(node)


@dataclass(frozen=True, slots=True)
class Clue:
    """One holder that grew, and what its source says. ``language``: as of HeapGrowth.

    ``near``: what the field and its items are called, and the last field of a library's on the way. ``far``: the class
    that has the field: a RequestHandler keeps no handlers. Neither a module nor a package says what a field holds.
    """

    holder: HolderGrowth
    sites: Sites
    language: str = "Python"

    @property
    def near(self) -> str:
        return f"{self.field} {self.item}"

    @property
    def field(self) -> str:
        """``near`` without the items: what they are named for need not be what keeps them is there for."""
        last = self.holder.path[-1].via if self.holder.path else ""
        return f"{self.holder.attribute} {last[1:] if last.startswith('.') else ''}"

    @property
    def far(self) -> str:
        return last_name(self.holder.owner_type)

    @property
    def keeper(self) -> str:
        """The class of what has the container: of a library, where a variable of the application's leads to it."""
        path = self.holder.path
        return last_name(path[-2].node) if len(path) > 1 else ""

    @property
    def item(self) -> str:
        """The class of its items, without its module."""
        return last_name(self.holder.item_type)

    @property
    def library(self) -> bool:
        """Whether the field is the standard library's own: a table that it keeps for what it was told.

        What a library's object has that a variable holds is the variable's; what is further within is not.
        """
        owner = self.holder.owner_type
        within = [step.node for step in self.holder.path[-3:-1]]
        return _standard(owner or self.holder.module) or (len(within) > 1 and all(map(_standard_object, within)))

    @property
    def of_single(self) -> bool:
        """Whether a variable of the application's leads to a field of an object that the library keeps for itself.

        The heap names a holder by such a field only where the library's own module or class has the object too.
        """
        path, owner = self.holder.path, self.holder.owner_type
        if len(path) < 3 or not path[-1].via.startswith(".") or path[-2].node != owner or not _standard_object(owner):
            return False
        return path[0].node.startswith("module ") and not _standard(path[0].node.removeprefix("module "))

    @property
    def root_variable(self) -> str:
        """The variable that the way begins with: ``shop.BASE``; "" where it begins with none."""
        path = self.holder.path
        if len(path) < 2 or not path[1].via.startswith("global "):
            return ""
        return f"{path[0].node.removeprefix('module ')}.{path[1].via.removeprefix('global ')}"

    @property
    def direct(self) -> bool:
        """Whether a variable, or an attribute or default of a function, holds it: that lives as long as the process."""
        path = self.holder.path
        last = path[-1].via
        of_function = len(path) > 1 and path[-2].node.startswith("function ") and not last.startswith("closure")
        return last.startswith(("global ", "local ")) or (of_function and last not in {"", "holds"})

    @property
    def variables(self) -> str:
        """``variables of module shop``, ``fields of shop.Hub``: whose table of names the holder is; "" for no table."""
        path = self.holder.path
        if len(path) < 2 or path[-1].via != ".__dict__":
            return ""
        node = path[-2].node
        return f"{'variables' if node.startswith('module ') else 'fields'} of {node}"

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
