"""Sizes, rates and durations as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.model.errors import CallerError
from oakum.model.units import format_duration, format_rate, format_share, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("0", 0),
        ("1048576", 1048576),
        ("512Mi", 512 * 1024**2),
        ("512MiB", 512 * 1024**2),
        ("1.5 GiB", 3 * 1024**3 // 2),
        ("200MB", 200_000_000),
        ("200M", 200_000_000),
        ("64k", 64_000),
        ("64kB", 64_000),
        ("64KiB", 65536),
        ("1Ti", 1024**4),
        ("10 B", 10),
    ],
)
def test_a_size_is_understood(text, size_bytes):
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "max", "-1", "12 parsecs", "1.2.3", "Mi", "100m", "nan", "1e9 bytes"])
def test_what_is_no_size_is_refused_with_the_next_step(text):
    with pytest.raises(CallerError, match="is not a size") as raised:
        parse_size(text)
    assert raised.value.next_step


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1024**2 - 1, "1.00 MiB"),
        (192 * 1024**2, "192 MiB"),
        (1610612736, "1.50 GiB"),
        (-2048, "-2.00 KiB"),
    ],
)
def test_a_size_is_printed(size_bytes, text):
    assert format_size(size_bytes) == text


@given(st.integers(min_value=0, max_value=2**55))
def test_a_printed_size_reads_back_within_its_three_digits(size_bytes):
    assert parse_size(format_size(size_bytes)) == pytest.approx(size_bytes, rel=0.0051, abs=0.5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("40s", 40),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("2d", 172800),
        ("250ms", 0.25),
        ("90", 90),
        ("1w", 604800),
        ("10min", 600),
    ],
)
def test_a_duration_is_understood(text, seconds):
    assert parse_duration(text) == seconds


@given(st.floats(min_value=1e-3, max_value=1e9))
def test_a_printed_duration_reads_back_with_and_without_its_blanks(seconds):
    printed = format_duration(seconds)
    assert parse_duration(printed) == pytest.approx(seconds, rel=0.05, abs=5e-4)
    assert parse_duration(printed.replace(" ", "")) == parse_duration(printed)


@pytest.mark.parametrize("text", ["", "soon", "-5s", "nan", "inf", "5 parsecs", "1h nonsense"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(CallerError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "200 ms"),
        (1.5, "1.50 s"),
        (40, "40 s"),
        (59.7, "1 min"),
        (80, "1 min 20 s"),
        (600, "10 min"),
        (5400, "1 h 30 min"),
        (86400, "24 h"),
        (200_000, "2 d 8 h"),
        (3_000_000, "34 d"),
        (-40, "-40 s"),
    ],
)
def test_a_duration_is_printed(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("bytes_per_s", "text"),
    [(3.25 * 1024**2, "+3.25 MiB/s"), (1024**2 / 60, "+1.00 MiB/min"), (300, "+1.03 MiB/h"), (1, "+84.4 KiB/day")],
)
def test_a_rate_is_printed_in_the_unit_that_reads_well(bytes_per_s, text):
    assert format_rate(bytes_per_s) == text


def test_a_share_is_printed():
    assert [format_share(part) for part in (0, 0.004, 0.5, 0.875)] == ["0 %", "0.4 %", "50 %", "88 %"]
