"""Which built-in functions a walk through a Node.js program uses; whether the program put its own in their place.

Told by what the inspector says of each, so that none of them is called to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

ITERATOR: Final = "Symbol(Symbol.iterator)"
ARRAY: Final = "push slice filter map flatMap splice sort unshift every forEach values constructor"
TYPES: Final = (
    "(process.getBuiltinModule ? process.getBuiltinModule('util') :"
    " process.mainModule ? process.mainModule.require('util') : {}).types"
)
"""util.types; undefined in an ES module before Node.js 20.16, which cannot be walked either."""

KINDS: Final = (
    "isProxy isMap isSet isMapIterator isSetIterator isWeakMap isWeakSet isArgumentsObject isBoxedPrimitive isDate"
    " isNativeError isAnyArrayBuffer isRegExp isPromise isModuleNamespaceObject"
)
BUILT_INS: Final[Mapping[str, tuple[str, ...]]] = {
    "Object": ("getOwnPropertyDescriptor", "getPrototypeOf"),
    "Reflect": ("ownKeys",),
    "Function.prototype": ("call", "toString"),
    "Array": ("isArray",),
    "Array.prototype": (*ARRAY.split(), ITERATOR),
    "String.prototype": ("slice",),
    "RegExp.prototype": ("test", "exec"),
    "Math": ("min", "max", "floor"),
    "Number": ("isInteger",),
    "Date": ("now",),
    "JSON": ("stringify",),
    "Symbol.prototype": ("description",),
    "ArrayBuffer": ("isView",),
    "WeakRef.prototype": ("deref",),
    "Map.prototype": ("size", "get", "set", "has", "entries", "values", ITERATOR),
    "Set.prototype": ("size", "has", "add", "clear", "values", ITERATOR),
    TYPES: tuple(KINDS.split()),
    "Object.getPrototypeOf([].values())": ("next",),
    "Object.getPrototypeOf(new Map().entries())": ("next",),
    "Object.getPrototypeOf(new Set().values())": ("next",),
}
"""By the expression of their owner. Those that call something come behind what they call."""

NAMES: Final[Mapping[str, str]] = {TYPES: "util.types"}
"""Of those whose expression is none that a person would write."""

NEVER: Final = ("toJSON",)
"""What none of them has: it would be called."""

_NATIVE: Final = re.compile(r"function (get )?[\w$\[\]. ]+\(\) \{ \[native code\] \}")
"""What ``bind`` made has no name there."""


def replaced(names: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The first of ``names`` that is not V8's own, "" for none. ``rows``: of ``Runtime.getProperties``."""
    found = {str(row.get("name")): row for row in rows}
    named = next((name for name in names if not _is_native(found.get(name, {}))), "")
    return named or next((name for name in NEVER if name in found), "")


def _is_native(row: Mapping[str, object]) -> bool:
    told = row.get("value") or row.get("get")
    return (
        isinstance(told, dict)
        and told.get("subtype") != "proxy"
        and bool(_NATIVE.fullmatch(str(told.get("description", ""))))
    )
