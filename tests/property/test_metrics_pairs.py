"""The fast reading of an answer equals the slow one, of any answer: the same samples, or the same refusal."""

from __future__ import annotations

import json

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.prometheus.decode import Odd, samples_of
from oakum.prometheus.pairs import Pairs, decoded

texts = st.one_of(
    st.integers(0, 10**30).map(str),
    st.floats().map(repr),
    st.sampled_from(["NaN", "+Inf", "-Inf", "", "007", "1_0", " 1", "1e400", "-0", "1e-320", ".5", "5.", "1e5", "٣"]),
)
moments = st.one_of(
    st.integers(0, 2**70), st.floats(0, 2e9), st.integers(1_717_113_660_000, 1_717_200_000_000).map(lambda ms: ms / 1e3)
)
pairs = st.one_of(
    st.tuples(moments, texts),
    st.tuples(moments, texts),
    st.tuples(moments, texts),
    st.tuples(moments, st.one_of(st.integers(), st.none(), st.booleans())),
    st.lists(texts, max_size=3),
)
labels = st.dictionaries(st.text(max_size=3), st.sampled_from(['"values":[[', 'a"b', "]]", "x"]), max_size=2)
rows = st.fixed_dictionaries(
    {"metric": labels},
    optional={
        "values": st.one_of(st.lists(pairs, max_size=4), st.integers(0, 3), st.none()),
        "histograms": st.just([]),
    },
)
answers = st.fixed_dictionaries(
    {
        "status": st.just("success"),
        "data": st.fixed_dictionaries({"resultType": st.just("matrix"), "result": st.lists(rows, max_size=4)}),
    }
)


def slow(content):
    return outcome(content, orjson.loads)


def outcome(content, load):
    """What is told of each series, or how it was refused."""
    try:
        told = load(content)
        found = samples_of(told["data"] if isinstance(told, dict) and "data" in told else None)
    except Odd:
        return "odd"
    except ValueError:
        return "no JSON"
    return [(dict(each.labels), each.at_s.tolist(), each.value.tolist()) for each in found]


@given(answers)
def test_any_answer_is_read_as_the_plain_reader_does(answer):
    content = json.dumps(answer, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    assert outcome(content, decoded) == slow(content)


@given(answers, st.data())
def test_an_answer_with_a_byte_that_was_changed_or_cut_off_is_read_or_refused_as_the_plain_reader_does(answer, data):
    content = bytearray(json.dumps(answer, separators=(",", ":"), allow_nan=False).encode())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] = data.draw(st.sampled_from(b'"[],0-e.{}n \\'))
    else:
        del content[place:]
    assert outcome(bytes(content), decoded) == slow(bytes(content))


@given(st.binary(max_size=60))
def test_any_bytes_among_the_pairs_are_read_or_refused_as_the_plain_reader_does(noise):
    head, tail = b'{"data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"', b'"]]}]}}'
    assert outcome(head + noise + tail, decoded) == slow(head + noise + tail)


def test_a_plain_answer_takes_the_fast_way():
    content = b'{"data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1.5,"2"],[60,"3e5"]]}]}}'
    (row,) = decoded(content)["data"]["result"]
    assert isinstance(row["values"], Pairs)
    (found,) = samples_of(decoded(content)["data"])
    assert np.array_equal(found.at_s, [1.5, 60])
    assert np.array_equal(found.value, [2, 3e5])


@pytest.mark.parametrize("values", [b'[[1,"007"]]', b'[[1,"NaN"]]', b'[[1,"2"],[3,4]]', b'[[1, "2"]]'])
def test_what_is_not_plain_takes_the_slow_way(values):
    content = b'{"data":{"resultType":"matrix","result":[{"metric":{},"values":%s}]}}' % values
    assert decoded(content) == orjson.loads(content)
