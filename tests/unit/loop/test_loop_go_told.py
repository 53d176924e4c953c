"""What Go took of the system: how much of it is room for garbage."""

from __future__ import annotations

import pytest

from oakum.heap.formats.pprof.figures import Figures
from oakum.loop.go_told import room_per_s

MIB = 1 << 20


@pytest.mark.parametrize(("live_mib", "room_mib"), [((5, 9), 3.6), ((9, 5), 4.0)])
def test_room_for_garbage_is_what_go_took_and_nothing_lives_in(live_mib, room_mib):
    before, after = (Figures(0, 0, 0, 0, 0, 0, size * MIB, 0, ()) for size in (20, 60))
    live = live_mib[0] * MIB, live_mib[1] * MIB
    assert room_per_s(before, after, live, 10.0) == pytest.approx(room_mib * MIB)
