"""The kernel's small texts about a process: bytes in, values out."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.host.stat import (
    PAGE_BYTES,
    Stat,
    Statm,
    parse_command,
    parse_ids,
    parse_kib_table,
    parse_stat,
    parse_statm,
)

TAIL = (
    b"S 26446 26448 26448 0 -1 4194304 2433 0 0 0 1 0 0 0 20 0 3 0 2165041 19111936 3701 18446744073709551615 "
    b"94794022703104 94794022703445 140730076640864 0 0 0 0 16781312 2 1 0 0 17 1 0 0 0 0 0\n"
)
SMAPS_ROLLUP = b"""\
5636f40cc000-7ffe463a5000 ---p 00000000 00:00 0                          [rollup]
Rss:               14860 kB
Pss:                9415 kB
Pss_Anon:           9016 kB
Anonymous:          9016 kB
Swap:                 12 kB
SwapPss:               6 kB
Locked:                0 kB
"""
STATUS = b"""\
Name:\tpython
State:\tS (sleeping)
Uid:\t1000\t1001\t1000\t1000
NSpid:\t26448\t31\t7
VmRSS:\t   14860 kB
VmSwap:\t       8 kB
Threads:\t1
"""


@pytest.mark.parametrize("name", ["python", "a b", ") S 1 (", "((", "))", "", "tab\tline", "\udcff"])
def test_a_stat_is_read_whatever_the_name_holds(name):
    raw = b"26448 (%s) %s" % (os.fsencode(name), TAIL)
    assert parse_stat(raw) == Stat(name, "S", 26446, kernel_thread=False, threads=3, start_ticks=2165041)


def test_a_kernel_thread_is_told_by_its_flag():
    stat = parse_stat(b"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n")
    assert stat == Stat("kthreadd", "S", 0, kernel_thread=True, threads=1, start_ticks=5)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"26448",
        b"26448 (python",
        b"26448 (python) ",
        b"26448 (python) " + b" ".join(TAIL.split()[:19]),
        b"26448 python) " + TAIL,
        b"26448 (python) " + TAIL.replace(b"26446", b"many"),
        b"26448 (python) " + TAIL.replace(b"S", b"\xff"),
    ],
)
def test_a_stat_that_is_not_whole_is_none(raw):
    assert parse_stat(raw) is None


def test_a_statm_is_resident_and_file_backed_bytes():
    statm = parse_statm(b"4666 3715 1461 1 0 2727 0\n")
    assert statm == Statm(3715 * PAGE_BYTES, 1461 * PAGE_BYTES)
    assert statm.anon_bytes == (3715 - 1461) * PAGE_BYTES


def test_anonymous_memory_is_never_below_zero():
    # The two counters are not read at one moment.
    assert Statm(4096, 8192).anon_bytes == 0


@pytest.mark.parametrize("raw", [b"", b"\n", b"12 3", b"0 0 0 0 0 0 0\n", b"12 a b 0 0 0 0\n"])
def test_a_statm_without_memory_or_sense_is_none(raw):
    assert parse_statm(raw) is None


def test_a_process_that_has_memory_but_none_resident_is_alive():
    assert parse_statm(b"4666 0 0 1 0 2727 0\n") == Statm(0, 0)


def test_smaps_rollup_is_read_in_bytes():
    assert parse_kib_table(SMAPS_ROLLUP) == {
        "Rss": 14860 * 1024,
        "Pss": 9415 * 1024,
        "Pss_Anon": 9016 * 1024,
        "Anonymous": 9016 * 1024,
        "Swap": 12 * 1024,
        "SwapPss": 6 * 1024,
        "Locked": 0,
    }


def test_of_status_only_the_sizes_are_in_the_table():
    assert parse_kib_table(STATUS) == {"VmRSS": 14860 * 1024, "VmSwap": 8 * 1024}


def test_the_effective_user_and_the_innermost_pid_are_told():
    assert parse_ids(STATUS) == (1001, 7)


def test_a_kernel_without_pid_namespaces_tells_no_innermost_pid():
    assert parse_ids(STATUS.replace(b"NSpid", b"Other")) == (1001, None)


@pytest.mark.parametrize("raw", [b"Uid:\nNSpid:\n", b"Uid:\t1000\nNSpid:\tx\n", b"Uid:\ta\tb\n"])
def test_ids_that_are_cut_or_garbled_are_unknown(raw):
    assert parse_ids(raw) == (-1, None)


def test_a_name_that_looks_like_other_lines_is_only_a_name():
    raw = STATUS.replace(b"python", b"x\rUid: 1 0\rVmSwap: 9 kB").replace(b"\nUid", b"\nOther")
    assert parse_ids(raw) == (-1, 7)
    assert parse_kib_table(raw.replace(b"\nVmSwap", b"\nOther")).keys() == {"VmRSS", "Other"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ()),
        (b"\0\0\0", ()),
        (b"python\0-c\0pass\0", ("python", "-c", "pass")),
        (b"a\0\0b\0", ("a", "", "b")),
        (b"nginx: worker process\0\0\0\0", ("nginx: worker process",)),
        (b"caf\xe9\0", ("caf\udce9",)),
    ],
)
def test_a_command_is_split_at_nuls(raw, expected):
    assert parse_command(raw) == expected


@given(st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1)))
def test_a_command_of_any_arguments_is_read_back(arguments):
    assert parse_command(b"".join(os.fsencode(argument) + b"\0" for argument in arguments)) == tuple(arguments)


@given(st.binary(max_size=80) | st.binary(max_size=20).map(lambda some: b"1 (x) " + some + TAIL))
def test_any_bytes_give_a_value_or_none(raw):
    for parse in (parse_stat, parse_statm, parse_kib_table, parse_ids, parse_command):
        parse(raw)


@given(st.integers(0, 200))
def test_a_stat_cut_anywhere_is_none_or_has_its_fields(length):
    whole = b"26448 (a) (b) " + TAIL
    found = parse_stat(whole[:length])
    assert found is None or (found.name, found.parent_pid, found.threads) == ("a) (b", 26446, 3)
