"""Ruby dumps with their contents filled: lengths, names and numbers stay, and so does what leaks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ruby_files import RubyFile

from oakum.heap.redact import KEY_BYTES, redactor
from oakum.model.errors import DataError

KEY = bytes(range(KEY_BYTES))


def dump():
    file = RubyFile()
    string = file.add("CLASS", name="String", memsize=500)
    file.add("STRING", of=string, value='4111 "1111" \\ 1111', bytesize=18, memsize=40, encoding="UTF-8")
    file.add("STRING", of=string, value="4111", bytesize=4, memsize=40, file="/srv/shop/card.rb", line=7, method="pay")
    file.add("SYMBOL", of=string, value="secret_symbol", memsize=40)
    file.add("OBJECT", of=string, unknown_key=["hunter2", {"deep": "hunter3"}], memsize=40)
    file.add("BIGNUM", of=string, value=123456789012345678, memsize=40)
    file.root("vm", 1, 2, 3, 4, 5)
    return file.bytes() + b'{"oakum_heap":"name","of":"0x10","is":"@cards","at":"0x20"}\n'


def redacted(content):
    found = redactor(np.frombuffer(content, np.uint8), KEY, lambda _: None)
    return b"".join(found.pieces()), found


def test_contents_go_and_names_addresses_and_sizes_stay():
    whole = dump()
    filled, found = redacted(whole)
    assert len(filled) == len(whole)
    for secret in (b"4111", b"secret_symbol", b"hunter2", b"hunter3", b"123456789012345678"):
        assert secret not in filled
    for name in (b'"String"', b"/srv/shop/card.rb", b'"pay"', b'"@cards"', b'"UTF-8"', b'"references"'):
        assert name in filled
    before, after = ([json.loads(line) for line in text.splitlines()] for text in (whole, filled))
    plain = {"value", "unknown_key"}
    assert [{k: v for k, v in row.items() if k not in plain} for row in before] == [
        {k: v for k, v in row.items() if k not in plain} for row in after
    ]
    replaced = found.replaced()[0]
    # A key inside of what nobody knows may be a content, too.
    assert replaced.count == 6


def test_the_same_text_has_the_same_filler_and_another_key_another():
    line = b'{"address":"0x10", "type":"STRING", "value":"same text"}\n'
    filled = [json.loads(row)["value"] for row in redacted(line * 2)[0].splitlines()]
    assert filled[0] == filled[1]
    other = b"".join(redactor(np.frombuffer(line, np.uint8), bytes(KEY_BYTES), lambda _: None).pieces())
    assert json.loads(other)["value"] != filled[0]


@pytest.mark.parametrize("cut", [2, 30, 200])
def test_a_dump_cut_short_is_not_redacted_and_nothing_comes(cut):
    found = redactor(np.frombuffer(dump()[:-cut], np.uint8), KEY, lambda _: None)
    with pytest.raises(DataError, match="cut off"):
        next(found.pieces())


def test_a_last_line_without_its_end_is_whole():
    assert redacted(dump()[:-1])[0] == redacted(dump())[0][:-1]


@pytest.mark.parametrize(
    "wrong", [b"puma starts\n", b'{"address":"0x10"}{"a":1}\n', b'["0x10"]\n', b'{"address":"0x1\n']
)
def test_a_line_that_is_no_object_in_the_middle_is_told_with_its_place(wrong):
    content = dump()
    with pytest.raises(DataError, match="broken"):
        redacted(content + wrong + content)
