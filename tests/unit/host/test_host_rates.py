"""What this machine did before, kept in one small file."""

from __future__ import annotations

import pytest

from oakum.host.rates import MOST_KINDS, LiveRates


def test_a_rate_is_remembered_and_follows_what_is_seen(tmp_path):
    path = tmp_path / "new" / "rates.json"
    rates = LiveRates(path)
    assert rates.of("reading") is None
    rates.learn("reading", 100.0)
    assert LiveRates(path).of("reading") == 100.0
    LiveRates(path).learn("reading", 300.0)
    assert LiveRates(path).of("reading") == 200.0


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"reading": "fast"}', '{"reading": -1}', "[" * 70_000, '{"reading": 1e999}']
)
def test_a_broken_file_is_as_good_as_none(tmp_path, text):
    path = tmp_path / "rates.json"
    path.write_text(text, encoding="utf-8")
    rates = LiveRates(path)
    assert rates.of("reading") is None
    rates.learn("reading", 5.0)
    assert LiveRates(path).of("reading") == 5.0


def test_senseless_rates_and_too_many_kinds_are_not_kept(tmp_path):
    rates = LiveRates(tmp_path / "rates.json")
    for value in (0.0, -1.0, float("nan"), float("inf")):
        rates.learn("reading", value)
    assert rates.of("reading") is None
    for number in range(MOST_KINDS + 5):
        rates.learn(f"kind {number}", 1.0)
    assert rates.of(f"kind {MOST_KINDS}") is None
    assert rates.of("kind 0") == 1.0


def test_a_place_that_cannot_be_written_troubles_nobody(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    LiveRates(tmp_path / "file" / "rates.json").learn("reading", 1.0)
