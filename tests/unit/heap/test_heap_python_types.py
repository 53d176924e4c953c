"""Types are told by what leads up to ``type``: never by what a pointer's bits happen to be."""

from __future__ import annotations

import numpy as np
import pytest
from small_image import SmallImage

from oakum.heap.formats.python.layouts import (
    FLAG_READY,
    FLAG_TYPE,
    LAYOUTS,
    OB_TYPE,
    TP_BASE,
    TP_BASICSIZE,
    TP_FLAGS,
    TP_NAME,
)
from oakum.heap.formats.python.types import find_types

WHOLE = 512
POINTER = 0x7FE2_AAFB_1BB0
"""An address that the kernel gave out: it has the bits of FLAG_TYPE and of FLAG_READY."""


class Place(SmallImage):
    """A memory with ``type``, a metaclass and a class in it."""

    def __init__(self, layout):
        super().__init__(layout)
        self.top = self.alloc(WHOLE)
        self.fill(self.top, "type", kind=self.top, flags=FLAG_TYPE)
        self.metaclass = self.type("Meta", kind=self.top, flags=FLAG_TYPE, base=self.top)
        self.plain = self.type("Plain", kind=self.metaclass)

    def type(self, name, *, kind, flags=0, base=0):
        at = self.alloc(WHOLE)
        self.fill(at, name, kind=kind, flags=flags, base=base)
        return at

    def fill(self, at, name, *, kind, flags=0, base=0):
        text = self.alloc(32)
        self.raw(text, name.encode() + b"\0")
        for offset, value in (
            (OB_TYPE, kind),
            (TP_NAME, text),
            (TP_BASICSIZE, 32),
            (TP_FLAGS, flags | FLAG_READY),
            (TP_BASE, base),
        ):
            self.put(at + offset, "<Q", value)

    def found(self, *candidates):
        types = find_types(self.image, self.layout, np.array(candidates, np.int64))
        return dict(zip(types.address.tolist(), types.names, strict=True))


@pytest.fixture(params=LAYOUTS, ids=lambda version: ".".join(map(str, version)))
def place(request):
    return Place(LAYOUTS[request.param])


def test_type_its_metaclasses_and_their_classes_are_types(place):
    found = place.found(place.top, place.metaclass, place.plain)
    assert found == {place.top: "type", place.metaclass: "Meta", place.plain: "Plain"}


def test_what_has_pointers_where_a_type_has_flags_is_none(place):
    """Two objects, each of the other's "type", whose words are addresses."""
    one, other = place.alloc(WHOLE), place.alloc(WHOLE)
    for at, kind in ((one, other), (other, one)):
        place.fill(at, "O", kind=kind, flags=POINTER)
    false = place.type("O", kind=one, flags=POINTER)
    assert place.found(one, other, false, place.top) == {place.top: "type"}


def test_what_is_its_own_type_without_a_types_flags_is_none(place):
    at = place.alloc(WHOLE)
    place.fill(at, "O", kind=at, flags=POINTER)
    assert place.found(at, place.type("Below", kind=at)) == {}


def test_the_base_of_a_type_is_a_type(place):
    false = place.type("O", kind=place.plain, flags=POINTER)
    assert place.found(place.type("Derived", kind=place.top, base=false)) == {}
    assert place.found(place.type("Derived", kind=place.top, base=place.plain))
