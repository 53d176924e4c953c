"""Quantities: what the API server takes, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.kube.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("512Mi", 512 << 20),
        ("1.5Gi", 3 << 29),
        ("128974848", 128974848),
        ("129e6", 129_000_000),
        ("129M", 129_000_000),
        ("128974848000m", 128974848),
        ("1E", 10**18),
        ("1E3", 1000),
        ("100m", 1),
        ("0.5", 1),
        (".5Ki", 512),
        ("1.", 1),
        ("16Ei", 2**63 - 1),
        ("-1Ki", -1024),
        ("1n", 1),
    ],
)
def test_a_quantity_is_read_as_the_api_server_reads_it(text, value):
    assert parse_quantity(text) == value


@pytest.mark.parametrize("text", ["", "Mi", "512MiB", "5 Mi", "1e", "0x10", "½", "\uff11", "1,5Gi", "1KI", "9" * 65])
def test_what_is_no_quantity_is_none(text):
    assert parse_quantity(text) is None


@given(st.text(max_size=70))
def test_any_text_is_a_quantity_or_none(text):
    parse_quantity(text)
