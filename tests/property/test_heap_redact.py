"""Redaction: lengths and references as they were, texts gone, the same answer; or a data error and nothing written."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hprof_files import HprofFile, made
from hypothesis import given, settings
from hypothesis import strategies as st
from v8_files import V8File

from oakum.heap.analysis import analyze
from oakum.heap.formats.detect import read_dump
from oakum.heap.redact import KEY_BYTES, kernels, redactor
from oakum.heap.redact.key import keys_of
from oakum.heap.redact.turns import unwrapped
from oakum.model.errors import CallerError, DataError

KEY, OTHER = bytes(range(KEY_BYTES)), bytes(KEY_BYTES)
SEEDS = Path(__file__).parents[2] / "fuzz" / "seeds"
SECRET = "hunter2-correct-horse"


def redacted(data, key=KEY):
    found = redactor(np.frombuffer(data, np.uint8), key, lambda _: None)
    return b"".join(found.pieces())


def answered(data):
    """All that is told of a dump."""
    return analyze(np.frombuffer(data, np.uint8), file="dump", told=lambda _: None)


def forms(text):
    """What a search for a text would look for: itself, its halves, wider characters, base64."""
    half = len(text) // 2
    found = {text, text[:half], text[half:]}
    bytes_of = [part.encode(encoding) for part in found for encoding in ("latin-1", "utf-16-le", "utf-16-be")]
    return [*bytes_of, base64.b64encode(text.encode())]


def string(file, number, text, *, of, wide):
    """A java.lang.String at ``number`` with its characters behind it."""
    file.instance(number, of, file.id(number + 8) + (hash(text) & 0x7FFFFFFF).to_bytes(4, "big"))
    file.primitives(number + 8, 5 if wide else 8, text.encode("utf-16-be" if wide else "latin-1"))


@pytest.fixture
def java():
    """A thread with a name, its secrets in all the places where they may be, and some objects."""
    file = HprofFile()
    file.class_dump(8, "java/lang/Object")
    file.class_dump(16, "java/lang/String", above=8, fields=[("value", 2), ("hash", 10)])
    file.class_dump(24, "java/lang/Thread", above=8, fields=[("eetop", 11), ("name", 2)])
    file.class_dump(32, "shop/Worker", above=24, fields=[("keys", 2)])
    file.class_dump(40, "shop/Node", above=16, fields=[("identityHash", 11), ("count", 10)])
    file.record(0x01, file.id(9999) + SECRET.encode())
    string(file, 0x1000, "worker-1", of=16, wide=False)
    string(file, 0x1100, SECRET, of=16, wide=False)
    string(file, 0x1200, SECRET, of=16, wide=True)
    file.primitives(0x1300, 8, SECRET.encode())
    file.primitives(0x1308, 8, SECRET.encode())
    for kind in (4, 6, 7, 9, 10, 11):
        file.primitives(0x1400 + 8 * kind, kind, (SECRET.encode() * 8)[:160])
    file.instance(0x1500, 32, file.id(0x1600) + bytes(8) + file.id(0x1000))
    file.objects(0x1600, 8, [0x1100, 0x1200, 0x1300, 0x1308])
    values = file.id(0x1300) + (77).to_bytes(4, "big")
    file.instance(0x1700, 40, (0x1122334455667788).to_bytes(8, "big") + (5).to_bytes(4, "big") + values)
    file.root(0x08, 0x1500, 1, 0)
    file.root(0xFF, 0x1700)
    return file.bytes(segments=3)


@pytest.fixture
def node():
    """A snapshot with the secret as a text, a part of one, a script's source, a key of a table; and with names."""
    file = V8File()
    module = file.node("object", "Store")
    file.edge(0, "element", 1, module)
    file.edge(module, "property", "sessions", file.node("object", "Object"))
    table = len(file.nodes) - 1
    for key in range(200):
        file.edge(table, "property", f"{SECRET}-{key}", file.node("object", "Session"))
    for kind in ("string", "regexp", "number"):
        file.edge(module, "internal", f"of {kind}", file.node(kind, SECRET))
    file.edge(module, "property", "name", file.node("string", 'say "' + SECRET + '"\n'))
    file.edge(module, "property", "source", file.node("string", f"const key = '{SECRET}';"))
    pair = f"7 / part of key (Object @3) -> value ({SECRET} @5) pair in WeakMap (table @1)"
    file.edge(module, "internal", pair, table)
    file.edge(module, "property", SECRET * 8, table)
    file.function("serve", "/srv/shop/main.js", 4, script=3)
    return file.bytes()


@pytest.mark.parametrize("length", [*range(20), 31, 32, 33, 64, 1000])
def test_the_hash_is_siphash_compiled_and_as_plain_python(length):
    """Against a twin in whole numbers, written from the paper."""
    data = np.frombuffer(hashlib.shake_128(bytes([length & 255])).digest(length), np.uint8)
    keys = keys_of(KEY)
    wanted = sip(int(keys[3, 0]), int(keys[3, 1]), data.tobytes())
    with unwrapped():
        assert int(kernels.hashed_content(keys, 3, data)) == wanted
        assert int(getattr(kernels.hashed_content, "py_func", kernels.hashed_content)(keys, 3, data)) == wanted
        words, whole = np.zeros(4, np.uint64), length // 8 * 8
        kernels.begin_hash(keys, 3, words)
        kernels.hash_on(words, data, 0, whole // 16 * 8)
        kernels.hash_on(words, data, whole // 16 * 8, whole)
        assert int(kernels.end_hash(words, data, whole, length)) == wanted


def test_the_twin_gives_what_the_paper_says():
    assert sip(*np.frombuffer(bytes(range(16)), "<u8").tolist(), bytes(range(15))) == 0xA129CA6149BE45E5


def sip(first, second, data):
    mask = (1 << 64) - 1
    a, b = first ^ 0x736F6D6570736575, second ^ 0x646F72616E646F6D
    c, d = first ^ 0x6C7967656E657261, second ^ 0x7465646279746573

    def turned(word, by):
        return (word << by | word >> (64 - by)) & mask

    def mixed(times):
        nonlocal a, b, c, d
        for _ in range(times):
            a, c = (a + b) & mask, (c + d) & mask
            b, d = turned(b, 13) ^ a, turned(d, 16) ^ c
            a = turned(a, 32)
            c, a = (c + b) & mask, (a + d) & mask
            b, d = turned(b, 17) ^ c, turned(d, 21) ^ a
            c = turned(c, 32)

    data += bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for at in range(0, len(data), 8):
        word = int.from_bytes(data[at : at + 8], "little")
        d ^= word
        mixed(2)
        a ^= word
    c ^= 255
    mixed(4)
    return a ^ b ^ c ^ d


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=2, max_size=6), st.sampled_from([-1, 0, 1, 2]))
def test_one_content_has_one_filler_of_its_length_and_another_key_gives_another(contents, wide):
    def filled(content, key):
        out = np.zeros(len(content), np.uint8)
        with unwrapped():
            kernels.fill_content(keys_of(key), 8, np.frombuffer(content, np.uint8), wide, out)
        return out.tobytes()

    fillers = {content: filled(content, KEY) for content in contents}
    assert all(filled(content, KEY) == filler for content, filler in fillers.items())
    if wide >= 0:
        # Of contents of eight bytes and fewer no two meet; of longer ones none that chance would show.
        assert len(set(fillers.values())) == len(fillers)
    for content, filler in fillers.items():
        if len(content) >= 12:
            assert filled(content, OTHER) != filler
            assert filler != content
        if wide < 0:
            assert json.loads(b'"' + filler + b'"').encode() == filler


def test_every_byte_becomes_another_one_and_none_is_lost():
    fillers = set()
    for value in range(256):
        out = np.zeros(1, np.uint8)
        with unwrapped():
            kernels.fill_content(keys_of(KEY), 8, np.array([value], np.uint8), 1, out)
        fillers.add(int(out[0]))
    assert len(fillers) == 256


def test_a_secret_of_a_jvm_is_nowhere_in_the_redacted_dump_and_the_answer_is_the_same(java):
    for encoding in ("latin-1", "utf-16-be"):
        assert SECRET.encode(encoding) in java
    found = redacted(java)
    assert len(found) == len(java)
    assert not [form for form in forms(SECRET) if form in found]
    # A hash that an object keeps of its text would let anybody try texts.
    assert (0x1122334455667788).to_bytes(8, "big") in java
    assert (0x1122334455667788).to_bytes(8, "big") not in found
    assert b"worker-1" in found
    assert b"shop/Worker" in found
    assert answered(found) == answered(java)


def test_equal_arrays_of_a_jvm_are_equal_still_and_others_are_not(java):
    def arrays(data):
        heap = read_dump(np.frombuffer(data, np.uint8))._heap
        begin = {int(heap.graph.address[node]): int(heap.records.at[node]) + 18 for node in range(heap.graph.nodes)}
        return [data[begin[at] : begin[at] + len(SECRET)] for at in (0x1300, 0x1308, 0x1008)]

    before, after = arrays(java), arrays(redacted(java))
    assert before[0] == before[1] != after[0]
    assert after[0] == after[1]
    assert before[2] == after[2]


def test_a_secret_of_node_is_nowhere_in_the_redacted_snapshot_and_the_answer_is_the_same(node):
    for text in (SECRET, "serve", "/srv/shop/main.js"):
        assert text.encode() in node
    found = redacted(node)
    assert len(found) == len(node)
    assert not [form for form in forms(SECRET) if form in found]
    before, after = json.loads(node), json.loads(found)
    for name in ("Store", "Session", "sessions", "serve", "/srv/shop/main.js", "of string"):
        assert name in after["strings"]
    assert any(text.endswith("(table @1)") for text in after["strings"])
    assert {**before, "strings": 0} == {**after, "strings": 0}
    told, wanted = answered(found), answered(node)
    assert replace(told, biggest=()) == replace(wanted, biggest=())
    # A large object under a key of a table is told by what the key became.
    assert [big.held for big in told.biggest if "~" not in big.held] == [
        big.held for big in wanted.biggest if SECRET not in big.held
    ]


def test_what_was_replaced_and_what_stayed_is_counted(java, node):
    found = redactor(np.frombuffer(java, np.uint8), KEY, lambda _: None)
    list(found.pieces())
    told = {share.what: (share.count, share.bytes) for share in (*found.replaced(), *found.stayed())}
    assert told["char[]"] == (1, 2 * len(SECRET))
    assert told["byte[]"] == (3, 3 * len(SECRET))
    assert told["names of threads"] == (1, len("worker-1"))
    assert told["strings that name nothing"] == (1, len(SECRET))
    assert told["hashes in fields"] == (5, 4 * 4 + 8)
    found = redactor(np.frombuffer(node, np.uint8), KEY, lambda _: None)
    list(found.pieces())
    strings = json.loads(node)["strings"]
    assert sum(share.count for share in (*found.replaced(), *found.stayed())) == len(strings)


OBJECTS_OF = st.lists(
    st.one_of(
        st.tuples(st.just("pair"), st.integers(-1, 11), st.integers(-1, 11)),
        st.tuples(st.just("array"), st.lists(st.integers(-1, 11), max_size=4)),
        st.tuples(st.just("bytes"), st.binary(max_size=40)),
        st.tuples(st.just("weak"), st.integers(-1, 11)),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=40)
@given(OBJECTS_OF, st.sets(st.integers(0, 7), max_size=3), st.sampled_from([4, 8]), st.integers(1, 3))
def test_any_heap_of_a_jvm_gives_the_same_answer_with_the_same_lengths(objects, roots, wide, segments):
    data = made(objects, [root for root in roots if root < len(objects)], wide=wide, segments=segments)
    found = redacted(data)
    assert len(found) == len(data)
    assert answered(found) == answered(data)
    again = redacted(found)
    assert answered(again) == answered(data)
    assert redacted(data) == found


@pytest.mark.parametrize("reader", ["hprof", "v8"])
def test_a_real_dump_gives_the_same_answer(reader):
    for path in sorted((SEEDS / reader).iterdir()):
        data = path.read_bytes()
        before, after = answered(data), answered(redacted(data))
        # A thread's name stays: a text that equals it is told apart from it. The seeds are thinned: they have lost the
        # scripts of modules that are there, and with them the names of their files.
        assert replace(after, waste=(), biggest=(), tree=None) == replace(before, waste=(), biggest=(), tree=None)
        assert [(big.id, big.retained_bytes) for big in after.biggest] == [
            (big.id, big.retained_bytes) for big in before.biggest
        ]
        assert [row.name for row in after.waste] == [row.name for row in before.waste]


@pytest.mark.parametrize("reader", ["hprof", "v8"])
@settings(deadline=None, max_examples=60)
@given(chance=st.randoms(use_true_random=False))
def test_a_file_that_is_cut_off_is_a_data_error_before_its_first_piece(reader, chance):
    data = chance.choice(sorted((SEEDS / reader).iterdir())).read_bytes()
    stop = chance.randrange(200, len(data) - 1)
    if reader == "hprof" and stop in record_ends(data):
        return
    with pytest.raises(DataError):
        next(redactor(np.frombuffer(data[:stop], np.uint8), KEY, lambda _: None).pieces())


def record_ends(data):
    """Where an HPROF file may end: behind any record."""
    at, ends = data.index(b"\0") + 13, set()
    while at < len(data):
        ends.add(at)
        at += 9 + int.from_bytes(data[at + 5 : at + 9], "big")
    return ends


@pytest.mark.parametrize("begin", [b"", b"PK\3\4", b"<html>", b"JAVA PROFILE 1.0.2\0"])
def test_what_is_no_dump_is_a_data_error(begin):
    with pytest.raises(DataError):
        redacted(begin)


@pytest.mark.parametrize("reader", ["census", "pprof"])
def test_a_format_that_is_not_redacted_is_told_with_what_to_do(reader):
    data = next(iter(sorted((SEEDS / reader).iterdir()))).read_bytes()
    with pytest.raises(CallerError) as caught:
        redacted(data)
    assert caught.value.next_step


def test_a_content_that_is_longer_than_a_turn_has_the_filler_that_it_would_have_at_once(monkeypatch):
    from oakum.heap.redact import hprof  # noqa: PLC0415

    file = HprofFile()
    file.class_dump(8, "java/lang/Object")
    content = hashlib.shake_128(b"long").digest((hprof.filled.kernels.LONG_BYTES) + 1003)
    file.primitives(0x1000, 8, content)
    file.primitives(0x2000, 8, b"after it")
    file.root(0xFF, 0x1000)
    data = file.bytes()
    monkeypatch.setattr(hprof, "TURN_BYTES", 1 << 20)
    found = redacted(data)
    out = np.zeros(len(content), np.uint8)
    with unwrapped():
        kernels.fill_content(keys_of(KEY), 8, np.frombuffer(content, np.uint8), 1, out)
    assert len(found) == len(data)
    assert out.tobytes() in found
