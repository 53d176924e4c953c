"""/proc/PID/smaps: bytes in, rows out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.host.smaps import parse_smaps

SMAPS = b"""\
55811f34e000-55811f34f000 rw-p 00003000 fe:00 9978398                    /opt/my shop/server (deleted)
Size:                  4 kB
Rss:                   4 kB
Anonymous:             4 kB
AnonHugePages:         0 kB
Swap:                  8 kB
THPeligible:           0
VmFlags: rd wr mr mw me ac sd
55813cfda000-55813d5c8000 rw-p 00000000 00:00 0                          [heap]
Size:               6072 kB
Rss:                6000 kB
Anonymous:          5996 kB
AnonHugePages:      4096 kB
Private_Hugetlb:       0 kB
Swap:                  0 kB
VmFlags: rd wr mr mw me ac
7fb1cd21e000-7fb1cd244000 ---p 00000000 00:00 0
Size:                152 kB
Rss:                   0 kB
VmFlags: mr mw me
"""


def test_each_mapping_is_told_with_what_of_it_is_in_memory():
    static, heap, guard = parse_smaps(SMAPS)
    assert (static.path, static.inode, static.offset, static.mode) == (
        "/opt/my shop/server (deleted)",
        9978398,
        0x3000,
        "rw-p",
    )
    assert (static.anon_bytes, static.swap_bytes, static.own_bytes) == (4096, 8192, 12288)
    assert (heap.path, heap.rss_bytes, heap.anon_bytes, heap.huge_bytes) == (
        "[heap]",
        6000 << 10,
        5996 << 10,
        4096 << 10,
    )
    assert (guard.path, guard.mode, guard.own_bytes, guard.size_bytes) == ("", "---p", 0, 152 << 10)


def test_a_row_that_was_cut_off_is_left_out():
    cut = SMAPS[: SMAPS.index(b"7fb1cd21e000-7fb1cd244000") + 30]
    assert [row.path for row in parse_smaps(cut)] == ["/opt/my shop/server (deleted)", "[heap]"]


@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_none(raw):
    assert isinstance(parse_smaps(SMAPS[:300] + raw), list)
