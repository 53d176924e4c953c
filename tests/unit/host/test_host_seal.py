"""Sealed files: opened by their owners' keys alone, whole or not at all, and no secret in any message."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tracemalloc

import pyrage
import pytest
import zstandard

from oakum.host.dumps import LiveDumps
from oakum.host.seal import seal, too_open
from oakum.model.errors import CallerError, DataError, MachineError
from oakum.model.ports import Packing

TEXT = bytes(range(256)) * 3000
MIB = 1 << 20


@pytest.fixture
def key(tmp_path):
    """(recipient, file with its secret key)."""
    return made(tmp_path / "key.txt")


def made(path):
    identity = pyrage.x25519.Identity.generate()
    path.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    path.chmod(0o600)
    return str(identity.to_public()), path


def kept(path, recipients, **options):
    LiveDumps().keep(str(path), iter([TEXT[:1000], TEXT[1000:]]), recipients=recipients, **options)
    return path


def content(path, identity=""):
    with LiveDumps().open(str(path), identity=str(identity)) as data:
        return data.tobytes()


@pytest.mark.parametrize(
    ("name", "unpacked"),
    [
        ("a.hprof.age", bytes),
        ("a.hprof.gz.age", gzip.decompress),
        ("a.hprof.zst.age", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    ],
)
def test_what_is_sealed_is_opened_by_its_key_and_holds_what_its_name_says(tmp_path, key, name, unpacked):
    path = kept(tmp_path / name, [key[0]], packing=None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert content(path, key[1]) == TEXT
    assert unpacked(pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(secret(key[1]))])) == TEXT


def secret(path):
    return path.read_text().splitlines()[-1]


def test_each_of_several_owners_opens_it(tmp_path, key):
    other = made(tmp_path / "other.txt")
    path = kept(tmp_path / "a.age", [key[0], other[0]], packing=Packing.NONE)
    assert content(path, key[1]) == content(path, other[1]) == TEXT


def test_a_sealed_file_through_a_pipe_is_opened(tmp_path, key):
    path = kept(tmp_path / "a.zst.age", [key[0]], packing=None)
    code = (
        "import sys; from oakum.host.dumps import LiveDumps\n"
        "with LiveDumps().open('-', identity=sys.argv[1]) as data: print(data.size)"
    )
    with path.open("rb") as file, subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE) as cat:
        done = subprocess.run([sys.executable, "-c", code, key[1]], stdin=cat.stdout, capture_output=True, check=True)
    assert int(done.stdout) == len(TEXT)


def test_without_a_key_or_with_anothers_it_stays_shut(tmp_path, key):
    path = kept(tmp_path / "a.age", [key[0]])
    with pytest.raises(CallerError, match="is sealed"):
        content(path)
    with pytest.raises(CallerError, match="sealed to others"):
        content(path, made(tmp_path / "other.txt")[1])
    with pytest.raises(CallerError, match="cannot read the identity file"):
        content(path, tmp_path / "none.txt")
    path.with_name("no.txt").write_text("nothing")
    with pytest.raises(CallerError, match="holds no secret key"):
        content(path, tmp_path / "no.txt")


@pytest.mark.parametrize(
    "change", [lambda data: data[:-100], lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]]
)
def test_a_sealed_file_that_was_changed_or_cut_is_a_data_error(tmp_path, key, change):
    path = kept(tmp_path / "a.age", [key[0]])
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match="cannot be opened"):
        content(path, key[1])


@pytest.mark.parametrize("recipient", ["age1nonsense", "somebody", "", "ssh-ed25519 nonsense"])
def test_who_is_no_recipient_is_told_before_anything_is_written(tmp_path, recipient):
    with pytest.raises(CallerError, match="is no recipient"):
        LiveDumps().check_recipients([recipient])
    with pytest.raises(CallerError, match="is no recipient"):
        kept(tmp_path / "a.age", [recipient])
    assert not list(tmp_path.iterdir())


def test_a_secret_key_as_a_recipient_is_refused_and_not_shown(key):
    with pytest.raises(CallerError) as caught:
        LiveDumps().check_recipients([secret(key[1])])
    assert "AGE-SECRET" not in str(caught.value)


def test_a_key_that_others_may_read_is_told(key):
    assert too_open(str(key[1])) == ""
    key[1].chmod(0o644)
    assert "chmod 600" in too_open(str(key[1]))
    assert "AGE-SECRET" not in too_open(str(key[1]))


def test_what_the_pieces_raise_comes_through_and_nothing_is_left(tmp_path, key):
    def pieces():
        yield TEXT
        raise DataError("the dump is cut off")

    for recipients in ([], [key[0]]):
        with pytest.raises(DataError, match="cut off"):
            LiveDumps().keep(str(tmp_path / "a.age"), pieces(), recipients=recipients)
    assert [path.name for path in tmp_path.iterdir()] == ["key.txt"]


def test_a_full_disk_is_told_as_such(key):
    with pytest.raises(OSError, match="No space"), open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123
        seal(iter([TEXT]), full, [key[0]])


def test_sealing_takes_no_more_memory_for_more_bytes(key):
    def peak(pieces):
        tracemalloc.start()
        try:
            with open(os.devnull, "wb") as out:  # noqa: PTH123
                seal((bytes(MIB) for _ in range(pieces)), out, [key[0]])
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(64) < peak(4) + MIB


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(MachineError) as caught:
        seal(iter([TEXT]), io.BytesIO(), ["age1x"])
    assert "oakum[seal]" in caught.value.next_step


def test_a_key_of_redaction_is_made_once_and_kept_for_its_owner(tmp_path):
    path = tmp_path / "redaction.key"
    first = LiveDumps().key(str(path), 32)
    assert len(first) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert LiveDumps().key(str(path), 32) == first
    path.write_text("nothing")
    with pytest.raises(CallerError, match="holds no key"):
        LiveDumps().key(str(path), 32)
    with pytest.raises(MachineError):
        LiveDumps().key(str(tmp_path / "no" / "key"), 32)
