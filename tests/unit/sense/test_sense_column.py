"""Times, limits and names as people and programs write them."""

from __future__ import annotations

import gzip
import json

import pytest

from oakum.model.errors import DataError
from oakum.sense.files import read_series

START_S = 1_700_000_000


def csv(*rows, head="series_id,ts,value"):
    return read_series("\n".join([head, *rows, ""]).encode(), "series.csv")


def answer(*factors, **more):
    result = [
        {
            "metric": {"__name__": "rss", "pod": str(number)},
            "values": [[(START_S + 60 * i) * factor, str(100 + i)] for i in range(5)],
        }
        for number, factor in enumerate(factors)
    ]
    data = {"resultType": "matrix", "result": result}
    return json.dumps({"status": "success", "data": data, **more}).encode()


@pytest.mark.parametrize(
    ("odd", "row"), [(START_S * 1000, 4), (10**19, 4), ("1e300", 4), (-(10**15), 4)], ids=["ms", "ns", "far", "before"]
)
def test_one_time_of_another_grain_is_named_and_does_not_change_the_others(odd, row):
    rows = [f"a,{START_S + 60 * i},5" for i in range(9)]
    rows[row - 2] = f"a,{odd},5"
    with pytest.raises(DataError, match=f"row {row}: ts is") as caught:
        csv(*rows)
    assert "seconds" in caught.value.why


def test_times_from_zero_on_are_seconds():
    read = csv(*(f"a,{60 * i},5" for i in range(9)))
    assert read.series[0].lifetimes[0].at_s.tolist() == [60 * i for i in range(9)]
    assert not read.warnings


@pytest.mark.parametrize("dates", [["", "2023-11-14T22:13:20Z"], ["2023-11-14"], ["", "2023-11-14"]])
def test_dates_are_known_by_the_first_that_is_told(dates):
    read = csv(*(f"a,{date},5" for date in dates))
    assert len(read.series[0].lifetimes[0]) == 1
    assert 1_699_900_000 < read.series[0].lifetimes[0].at_s[0] <= START_S


@pytest.mark.parametrize(
    ("told", "held"),
    [
        (["900", "", ""], [900, 900, 900]),
        (["", "900", "NaN"], [float("inf"), 900, 900]),
        (["900", "800", ""], [900, 800, 800]),
        (["900", "max", ""], [900, float("inf"), float("inf")]),
        (["900", "0", "-1"], [900, float("inf"), float("inf")]),
    ],
)
def test_a_limit_holds_until_another_is_told(told, held):
    rows = [f"a,{START_S + i},5,{limit}" for i, limit in enumerate(told)]
    read = csv(*rows, head="series_id,ts,value,limit")
    assert read.series[0].lifetimes[0].limit.tolist() == held


def test_blanks_about_the_names_of_columns_are_nobodys_names():
    assert len(csv(f"a, {START_S}, 5", head="series_id, ts, value").series) == 1


def test_empty_lines_are_no_rows():
    read = csv(f"a,{START_S},5", "", f"a,{START_S + 60},6", "")
    assert len(read.series[0].lifetimes[0]) == 2
    assert (read.skipped, read.warnings) == ([], [])


def test_a_data_error_after_an_empty_line_still_names_the_row_as_the_file_counts_it():
    with pytest.raises(DataError, match=r"row 4\b"):
        csv(f"a,{START_S},5", "", f"a,{START_S + 60},many")


@pytest.mark.parametrize(("factor", "word"), [(1000, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")])
def test_a_range_query_in_another_grain_is_read_and_said(factor, word):
    read = read_series(answer(1, factor), "answer.json")
    assert [series.lifetimes[0].at_s.tolist() for series in read.series] == [[START_S + 60 * i for i in range(5)]] * 2
    assert read.warnings == [f"rss{{pod=1}}: the times are {word}, by their size"]


def test_a_result_with_times_of_two_grains_is_skipped():
    content = answer(1).replace(str(START_S).encode(), str(START_S * 1000).encode(), 1)
    assert "not seconds" in read_series(content, "answer.json").skipped[0].why


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: b"\xef\xbb\xbf" + content], ids=["gzip", "mark"])
def test_a_range_query_may_be_packed_or_marked(pack):
    assert len(read_series(pack(answer(1)), "answer.json.gz").series) == 1


def test_a_packed_range_query_that_is_cut_off_is_a_data_error():
    packed = gzip.compress(answer(1))
    for kept in range(2, len(packed)):
        with pytest.raises(DataError):
            read_series(packed[:kept], "cut.json.gz")


@pytest.mark.parametrize("warnings", [5, "text", {"a": 1}, None])
def test_warnings_of_a_range_query_that_are_no_list_are_none(warnings):
    assert read_series(answer(1, warnings=warnings), "answer.json").warnings == []


@pytest.mark.parametrize("value", ["1e30", "1e300"])
def test_a_value_beyond_any_memory_is_skipped(value):
    assert "too large" in csv(f"a,{START_S},{value}").skipped[0].why
