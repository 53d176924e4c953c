"""Series out of CSV, Parquet and Prometheus JSON; of broken content, one DataError that says what to do."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import shlex

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.model.errors import CallerError, DataError, OakumError
from oakum.model.series import Metric, Scope
from oakum.sense.files import FACTORS, Read, read_series

START_S = 1_700_000_000
HEADER = "series_id,ts,value\n"
ROWS = "".join(f"a,{START_S + 60 * index},{100 + index}\n" for index in range(5))


def csv(text, **options):
    return read_series(text.encode(), "series.csv", **options)


def parquet(**columns):
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


def prometheus(*result, **more):
    data = {"resultType": "matrix", "result": list(result)}
    return read_series(json.dumps({"status": "success", "data": data, **more}).encode(), "answer.json")


def only(read):
    """The one series of a file, and its one lifetime."""
    (workload,) = read.series
    (lifetime,) = workload.lifetimes
    return workload, lifetime


# What can be read.


def test_a_csv_gives_times_values_and_labels():
    read = csv(
        "series_id,ts,value,limit,metric,pod,note\n"
        f"a,{START_S},1,8,container_memory_rss,web-1,\n"
        f"a,{START_S + 60},2,8,container_memory_rss,web-1,\n"
        f"b,{START_S},5,,container_memory_working_set_bytes,web-2,\n",
        unit="KiB",
    )
    first, second = read.series
    assert (first.id, first.unit, first.metric, first.labels) == ("a", "bytes", Metric.RSS, {"pod": "web-1"})
    assert first.lifetimes[0].at_s.tolist() == [START_S, START_S + 60]
    assert first.lifetimes[0].value.tolist() == [1024.0, 2048.0]
    assert first.lifetimes[0].limit.tolist() == [8192.0, 8192.0]
    assert second.metric is Metric.WORKING_SET
    assert second.lifetimes[0].limit.tolist() == [np.inf], "no limit is no limit, not zero"
    assert (read.skipped, read.warnings) == ([], [])


@pytest.mark.parametrize(("unit", "factor"), [(unit, factor) for unit, (_, factor) in FACTORS.items()])
def test_values_come_in_the_unit_that_is_told(unit, factor):
    workload, lifetime = only(csv(HEADER + ROWS, unit=unit))
    assert workload.unit == ("percent" if unit in {"percent", "%"} else "bytes")
    assert lifetime.value.tolist() == [factor * (100 + index) for index in range(5)]


def test_a_unit_column_wins_over_the_option_where_it_says_something():
    read = csv(f"series_id,ts,value,unit\na,{START_S},1,\na,{START_S + 60},2,MiB\nb,{START_S},3,\n", unit="KiB")
    assert [series.lifetimes[0].value.tolist() for series in read.series] == [[1024.0**2, 2 * 1024.0**2], [3 * 1024.0]]


@pytest.mark.parametrize(
    ("first", "second"), [("MiB", "GiB"), ("MiB", "bytes"), ("furlong", "furlong"), ("None", "None")]
)
def test_a_series_of_no_one_known_unit_is_skipped(first, second):
    read = csv(f"series_id,ts,value,unit\na,{START_S},1,{first}\na,{START_S + 60},2,{second}\n")
    assert read.series == []
    assert [(skipped.id, "unit" in skipped.why) for skipped in read.skipped] == [("a", True)]


def test_an_unknown_unit_is_the_callers_mistake():
    with pytest.raises(CallerError, match="not a unit") as caught:
        csv(HEADER + ROWS, unit="MB/s")
    assert "MiB" in caught.value.why
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("factor", "word"), [(1, None), (1_000, "milliseconds"), (1_000_000, "microseconds"), (10**9, "nanoseconds")]
)
def test_the_grain_of_the_times_is_told_by_their_size(factor, word):
    rows = "".join(f"a,{(START_S + 60 * index) * factor},5\n" for index in range(3))
    read = csv(HEADER + rows)
    assert only(read)[1].at_s == pytest.approx([START_S, START_S + 60, START_S + 120])
    assert read.warnings == ([] if word is None else [f"series.csv: the times are {word}, by their size"])


@pytest.mark.parametrize("wrong", ["inf", "-inf", "nan", ""])
def test_one_time_that_is_none_does_not_change_the_grain_of_the_others(wrong):
    read = csv(HEADER + f"a,{wrong},5\n" + ROWS)
    assert only(read)[1].at_s[0] == START_S
    assert read.warnings == ["1 row without a finite time and value was left out"]


@pytest.mark.parametrize(
    "text", ["2023-11-14T22:13:20Z", "2023-11-14 22:13:20", "2023-11-15T00:13:20+02:00", "2023-11-14T22:13:20.000Z"]
)
def test_times_may_be_written_as_dates(text):
    assert only(csv(f"{HEADER}a,{text},5\n"))[1].at_s.tolist() == [START_S]


@pytest.mark.parametrize("lines", ["\ufeff{}", "{}\n\n", "\n{}"])
def test_marks_and_empty_lines_around_the_rows_do_no_harm(lines):
    assert len(only(csv(lines.format(HEADER + ROWS)))[1]) == 5


def test_lines_may_end_as_windows_ends_them():
    assert len(only(csv((HEADER + ROWS).replace("\n", "\r\n")))[1]) == 5


@pytest.mark.parametrize(
    "ts",
    [
        [START_S, START_S + 86400],
        [START_S * 1000, (START_S + 86400) * 1000],
        [dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC), dt.datetime(2023, 11, 15, 22, 13, 20, tzinfo=dt.UTC)],
    ],
)
def test_parquet_holds_numbers_or_dates(ts):
    workload, lifetime = only(read_series(parquet(series_id=[7, 7], ts=ts, value=[1, 2]), "x.parquet"))
    assert workload.id == "7"
    assert lifetime.at_s.tolist() == [START_S, START_S + 86400]
    assert lifetime.value.tolist() == [1.0, 2.0]


def test_a_range_query_gives_its_series():
    read = prometheus(
        {
            "metric": {"__name__": "container_memory_rss", "pod": "web-1", "container": "api"},
            "values": [[START_S, "1"], [START_S + 60, "2"]],
        },
        {"metric": {}, "values": [[START_S, "3"]]},
        warnings=["results were truncated"],
    )
    first, second = read.series
    assert first.id == "container_memory_rss{container=api,pod=web-1}"
    assert (first.metric, first.scope, first.labels["pod"]) == (Metric.RSS, Scope.CONTAINER, "web-1")
    assert first.lifetimes[0].value.tolist() == [1.0, 2.0]
    assert second.id == "{}"
    assert read.warnings == ["results were truncated"]


# What can be mended, and is said.


def test_rows_out_of_order_are_sorted_and_said():
    read = csv(f"series_id,ts,value,limit,load\na,{START_S + 60},2,20,200\na,{START_S},1,10,100\n")
    _, lifetime = only(read)
    assert lifetime.at_s.tolist() == [START_S, START_S + 60]
    rows = (lifetime.value.tolist(), lifetime.limit.tolist(), lifetime.load.tolist())
    assert rows == ([1.0, 2.0], [10.0, 20.0], [100.0, 200.0])
    assert read.warnings == ["a: rows were not in order of time; they were sorted"]


def test_a_row_that_stands_twice_counts_once():
    read = csv(HEADER + ROWS + ROWS)
    assert len(only(read)[1]) == 5
    assert "a: 5 rows stood twice" in read.warnings


def test_two_values_at_one_time_contradict_each_other():
    read = csv(f"{HEADER}{ROWS}a,{START_S},7\nb,{START_S},1\n")
    assert [series.id for series in read.series] == ["b"]
    assert [(skipped.id, "same time" in skipped.why) for skipped in read.skipped] == [("a", True)]


def test_of_few_times_with_two_values_neither_is_taken_and_the_series_is_judged():
    many = "".join(f"a,{START_S + 60 * i},{200 + i}\n" for i in range(100))
    read = csv(f"{HEADER}{many}a,{START_S + 600},7\na,{START_S + 660},211\n")
    _, lifetime = only(read)
    assert len(lifetime) == 99
    assert START_S + 600 not in lifetime.at_s
    assert read.skipped == []
    told = f"a: two different values at the same time {START_S + 600:.3f}, at 1 of its 100 times;"
    assert read.warnings[1:] == [f"{told} rows of such a time were left out", "a: 1 row stood twice"]


def test_a_range_query_out_of_order_is_sorted_too():
    read = prometheus({"metric": {}, "values": [[1, "1"], [3, "2"], [2, "3"], [2.5, "4"], [2.5, "4"]]})
    _, lifetime = only(read)
    assert lifetime.at_s.tolist() == [1.0, 2.0, 2.5, 3.0]
    assert lifetime.value.tolist() == [1.0, 3.0, 4.0, 2.0]
    assert len(read.warnings) == 2


def test_rows_of_one_id_are_one_series_wherever_they_stand():
    read = csv(f"{HEADER}a,{START_S},1\nb,{START_S},5\na,{START_S + 60},2\nb,{START_S + 60},6\n")
    assert [(series.id, series.lifetimes[0].value.tolist()) for series in read.series] == [
        ("a", [1.0, 2.0]),
        ("b", [5.0, 6.0]),
    ]


@pytest.mark.parametrize("number", ["nan", "NaN", "inf", "-inf", "", "null", "None"])
def test_values_that_are_no_numbers_are_gaps(number):
    read = csv(f"{HEADER}a,{START_S},1\na,{START_S + 60},{number}\na,{START_S + 120},3\n")
    assert only(read)[1].value.tolist() == [1.0, 3.0]
    assert read.warnings == ["1 row without a finite time and value was left out"]


def test_a_series_without_one_finite_sample_is_skipped_and_not_forgotten():
    read = csv(f"{HEADER}a,{START_S},nan\nb,{START_S},1\n")
    assert [series.id for series in read.series] == ["b"]
    assert [(skipped.id, skipped.why) for skipped in read.skipped] == [("a", "it has no finite samples")]


@pytest.mark.parametrize(("value", "word"), [("-1", "negative"), ("1e308", "too large")])
def test_values_that_cannot_be_memory_are_skipped(value, word):
    read = csv(f"{HEADER}a,{START_S},{value}\na,{START_S + 60},5\n", unit="GiB")
    assert read.series == []
    assert word in read.skipped[0].why


def test_one_row_is_a_series_of_one_sample():
    assert len(only(csv(f"{HEADER}a,{START_S},1\n"))[1]) == 1


@pytest.mark.parametrize(
    ("row", "word"),
    [
        pytest.param(None, "no labels", id="no object"),
        pytest.param([1], "no labels", id="a list"),
        pytest.param({"metric": [1], "values": [[1, "1"]]}, "no labels", id="labels in a list"),
        pytest.param({"metric": {"pod": "x"}}, "not pairs", id="no values"),
        pytest.param({"metric": {}, "values": [[1]]}, "not pairs", id="half a pair"),
        pytest.param({"metric": {}, "values": [[1, "many"]]}, "not pairs", id="text"),
        pytest.param({"metric": {}, "values": [[1, {}]]}, "not pairs", id="an object"),
        pytest.param({"metric": {}, "values": [[10**400, "1"]]}, "not pairs", id="a time beyond all numbers"),
        pytest.param({"metric": {}, "values": []}, "no finite", id="nothing"),
        pytest.param({"metric": {}, "values": [[1, "NaN"], [2, "+Inf"]]}, "no finite", id="no numbers"),
        pytest.param({"metric": {}, "values": [[1, "-5"]]}, "negative", id="negative"),
        pytest.param({"metric": {}, "values": [[1, "5"], [1, "6"]]}, "same time", id="contradiction"),
    ],
)
def test_one_broken_result_does_not_spoil_the_others(row, word):
    read = prometheus(row, {"metric": {"good": "yes"}, "values": [[1, "1"], [2, "NaN"], [3, "2"]]})
    assert [series.id for series in read.series] == ["{good=yes}"]
    assert read.series[0].lifetimes[0].value.tolist() == [1.0, 2.0]
    assert [word in skipped.why for skipped in read.skipped] == [True]


# What cannot be read.

SUCCESS = '{"status":"success","data":'
BROKEN = {
    "empty": (b"", "empty"),
    "only white space": (b" \n\t ", "empty"),
    "a page": (b"<html><body>please log in</body></html>", "HTML"),
    "a missing column": (b"series_id,ts\na,1\n", "no column value"),
    "other columns": (b"time;mem\n1;2\n", "no column series_id, ts, value"),
    "only a header": (HEADER.encode(), "no rows"),
    "text in numbers": (f"{HEADER}{ROWS}a,{START_S + 900},lots\n".encode(), "'lots'"),
    "thousands": (f'{HEADER}a,{START_S},"1,000"\n'.encode(), "'1,000'"),
    "text in times": (f"{HEADER}{ROWS}a,yesterday,5\n".encode(), "'yesterday'"),
    "text among dates": (f"{HEADER}a,2026-01-01T00:00:00Z,5\na,soon,5\n".encode(), "'soon'"),
    "a clock without a date": (f"{HEADER}a,12:xx,5\n".encode(), "'12:xx'"),
    "text in limits": (b"series_id,ts,value,limit\na,1,2,big\n", "'big'"),
    "too many cells": (b"series_id,ts,value\na,1,2,3\n", "not CSV"),
    "a program": (b"\x7fELF\x02\x01\x01" + b"\x00\xff" * 500, "not CSV"),
    "any bytes": (bytes(range(256)) * 20, "not CSV"),
    "UTF-16": ((HEADER + ROWS).encode("utf-16"), "not CSV"),
    "Latin-1": (f"{HEADER}caf\xe9,{START_S},1\n".encode("latin-1"), "not CSV"),
    "half a Parquet": (parquet(series_id=["a"] * 90, ts=list(range(90)), value=[1.0] * 90)[:-200], "not whole Parquet"),
    "the head of a Parquet": (b"PAR1", "not whole Parquet"),
    "lists for numbers": (parquet(series_id=["a"], ts=[1], value=[[1.0]]), "column value"),
    "structs for numbers": (parquet(series_id=["a"], ts=[1], value=[{"x": 1}]), "column value"),
    "bytes for numbers": (parquet(series_id=["a"], ts=[1], value=[b"1"]), "column value"),
    "truth for numbers": (parquet(series_id=["a"], ts=[1], value=[True]), "column value"),
    "clocks for times": (parquet(series_id=["a"], ts=[dt.time(1)], value=[1.0]), "column ts"),
    "spans for times": (parquet(series_id=["a"], ts=[dt.timedelta(1)], value=[1.0]), "column ts"),
    "lists for ids": (parquet(series_id=[["a"]], ts=[1], value=[1.0]), "column series_id"),
    "bytes for ids": (parquet(series_id=[b"\xff"], ts=[1], value=[1.0]), "column series_id"),
    "half a JSON": (b'{"status":"success","data":{"resu', "not whole JSON"),
    "JSON in Latin-1": (b'{"status":"\xe9"}', "not whole JSON"),
    "JSON without a floor": (b'{"a":' + b"[" * 100_000, "not whole JSON"),
    "another JSON": (b'{"hello":"world"}', "not the answer of a Prometheus range query"),
    "an instant query": (SUCCESS.encode() + b'{"resultType":"vector","result":[]}}', "range query"),
    "a result that is none": (SUCCESS.encode() + b'{"resultType":"matrix","result":7}}', "range query"),
    "data that is none": (SUCCESS.encode() + b"null}", "range query"),
    "no series": (SUCCESS.encode() + b'{"resultType":"matrix","result":[]}}', "no series"),
    "an error": (b'{"status":"error","error":"query timed out"}', "error of Prometheus"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_content_is_a_data_error_that_says_what_why_and_what_next(case):
    content, words = BROKEN[case]
    with pytest.raises(DataError) as caught:
        read_series(content, "my file.csv")
    assert words in caught.value.what
    assert "my file.csv" in caught.value.what, "which file"
    assert caught.value.why or case in {"empty", "only white space"}
    assert caught.value.next_step
    if "my file" in caught.value.next_step:
        assert "my file.csv" in shlex.split(caught.value.next_step), "a command that can be pasted"


def test_a_data_error_names_the_row_as_the_file_counts_it():
    with pytest.raises(DataError, match=r"row 7\b") as caught:
        csv(f"{HEADER}{ROWS}a,{START_S + 900},lots\n")
    line = int(caught.value.next_step.split()[2].removesuffix("p"))
    assert (HEADER + ROWS + f"a,{START_S + 900},lots\n").splitlines()[line - 1].endswith("lots")


def test_a_parquet_cut_anywhere_is_a_data_error():
    whole = parquet(series_id=["a"] * 50, ts=list(range(50)), value=[1.0] * 50)
    for kept in range(4, len(whole), 97):
        with pytest.raises(DataError, match="not whole Parquet"):
            read_series(whole[:kept], "cut.parquet")


def test_a_packed_csv_is_read_and_one_that_is_cut_off_is_a_data_error():
    packed = gzip.compress((HEADER + ROWS).encode())
    assert only(read_series(packed, "series.csv.gz"))[1].value.tolist() == [100, 101, 102, 103, 104]
    for kept in range(2, len(packed)):
        with pytest.raises(DataError):
            read_series(packed[:kept], "cut.csv.gz")


# Not "PAR1": a footer that lies about its sizes can end the process inside polars.
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=60).map(lambda tail: b"\x1f\x8b\x08\x00" + tail),
    st.text(max_size=200).map(str.encode),
    st.text("ab,\n01.-:TZ\"' ", max_size=200).map(lambda text: (HEADER + text).encode()),
    st.recursive(
        st.none() | st.floats() | st.text(max_size=5) | st.integers(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    ).map(lambda row: json.dumps({"data": {"resultType": "matrix", "result": [row, {"values": row}]}}).encode()),
).filter(lambda content: not content.startswith(b"PAR1"))


@settings(max_examples=300, deadline=None)
@given(CONTENT)
def test_any_content_gives_series_or_a_data_error(content):
    try:
        read = read_series(content, "x")
    except OakumError as exc:
        assert isinstance(exc, DataError)  # noqa: PT017  (both ends are wanted)
        return
    assert isinstance(read, Read)
    for workload in read.series:
        (lifetime,) = workload.lifetimes
        assert len(lifetime) == lifetime.value.size > 0
        assert np.all(np.isfinite(lifetime.at_s))
        assert np.all(np.diff(lifetime.at_s) > 0)
        assert np.all(np.isfinite(lifetime.value) & (lifetime.value >= 0))
        assert lifetime.limit is None or np.all(lifetime.limit > 0)
