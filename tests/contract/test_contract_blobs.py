"""What evidence in a folder and in a bucket promises: kept by content, found by content, never silently another."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from s3_server import s3_server

from oakum.model.errors import CallerError, DataError, TargetError
from oakum.store.blobs import FolderBlobs
from oakum.store.bucket import bucket

NEVER = "ab" * 32


class InFolder:
    """Blobs in a folder; ``files``: all that lies there, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.blobs = folder / "blobs", FolderBlobs(folder / "blobs")

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def spoil(self, digest):
        (self.folder / digest[:2] / digest).write_bytes(b"spoilt")

    def age(self, digest, at_s):
        os.utime(self.folder / digest[:2] / digest, (at_s, at_s))


class InBucket:
    """Blobs in a bucket of a server that speaks as S3 does."""

    def __init__(self, server) -> None:
        self.server, self.blobs = server, bucket("s3://evidence/oakum")

    def files(self):
        return {path.rpartition("/")[2]: content for path, content in self.server.objects.items()}

    def spoil(self, digest):
        self.server.objects[f"/evidence/oakum/{digest[:2]}/{digest}"] = b"spoilt"

    def age(self, digest, at_s):
        self.server.times[f"/evidence/oakum/{digest[:2]}/{digest}"] = at_s


@pytest.fixture(params=["folder", "bucket"])
def kept(request, tmp_path, monkeypatch):
    if request.param == "folder":
        yield InFolder(tmp_path)
        return
    with s3_server() as server:
        given = {"ENDPOINT": server.url, "ALLOW_HTTP": "true", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}
        for name, value in (given | {"REGION": "us-east-1"}).items():
            monkeypatch.setenv(f"AWS_{name}", value)
        yield InBucket(server)


def address(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("parts", [[b""], [], [b"a heap"], [b"in ", b"parts ", b"of it"], [b"x" * 1000] * 9000])
def test_what_was_put_is_found_by_its_content(kept, parts):
    content = b"".join(parts)
    digest = kept.blobs.put(iter(parts))
    assert digest == address(content)
    assert kept.blobs.get(digest) == content
    assert kept.blobs.has(digest)
    assert kept.blobs.digests() == [digest]
    assert kept.files() == {digest: content}


def test_the_same_content_is_kept_once(kept):
    assert kept.blobs.put([b"one"]) == kept.blobs.put([b"o", b"ne"])
    kept.blobs.put([b"two"])
    assert set(kept.files()) == {address(b"one"), address(b"two")}


@pytest.mark.parametrize("digest", [NEVER, "../../../etc/passwd", "", "AB" * 32, NEVER + "0"])
def test_what_was_never_put_is_the_callers_mistake(kept, digest):
    assert digest != NEVER or not kept.blobs.has(digest)
    with pytest.raises(CallerError, match="there is no evidence"):
        kept.blobs.get(digest)


def test_content_that_is_no_longer_what_its_name_says_is_never_handed_out(kept):
    digest = kept.blobs.put([b"a heap"])
    kept.spoil(digest)
    with pytest.raises(DataError, match="is broken"):
        kept.blobs.get(digest)


def test_parts_that_fail_half_way_leave_nothing(kept):
    def torn():
        yield b"half"
        raise OSError(5, "the source went away")

    with pytest.raises(Exception, match="went away"):
        kept.blobs.put(torn())
    assert kept.files() == {}
    assert kept.blobs.sweep() == 0


def test_what_is_kept_is_told_with_its_size_and_when_it_was_put(kept):
    assert kept.blobs.kept() == []
    begun_s = time.time()
    digests = {kept.blobs.put([content]): len(content) for content in (b"", b"one", b"three")}
    found = kept.blobs.kept()
    assert [(blob.digest, blob.size_bytes) for blob in found] == sorted(digests.items())
    # A bucket tells whole seconds.
    assert all(begun_s - 2 <= blob.at_s <= time.time() + 2 for blob in found)
    kept.age(found[0].digest, 1_790_000_000)
    assert kept.blobs.kept()[0] == replace(found[0], at_s=1_790_000_000)


def test_what_is_removed_is_gone_and_frees_its_bytes_once(kept):
    one, two = kept.blobs.put([b"one"]), kept.blobs.put([b"three"])
    assert kept.blobs.remove(two) == 5
    assert (kept.blobs.has(two), kept.blobs.digests()) == (False, [one])
    assert [kept.blobs.remove(digest) for digest in (two, NEVER, "", "../../../etc/passwd")] == [0] * 4
    assert kept.blobs.put([b"three"]) == two
    assert kept.blobs.get(two) == b"three"


def test_what_was_put_again_since_it_was_seen_is_not_removed(kept):
    digest = kept.blobs.put([b"one"])
    kept.age(digest, 1_790_000_000)
    (seen,) = kept.blobs.kept()
    kept.blobs.put([b"one"])
    assert kept.blobs.remove(digest, put_at_s=seen.at_s) == 0
    assert kept.blobs.get(digest) == b"one"
    kept.age(digest, seen.at_s)
    assert kept.blobs.remove(digest, put_at_s=seen.at_s) == 3


def test_a_bucket_that_refuses_is_said_to(tmp_path, monkeypatch):
    with s3_server() as server:
        server.refusing = True
        for name, value in {"ENDPOINT": server.url, "ALLOW_HTTP": "true", "REGION": "x"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        with pytest.raises(TargetError, match="refused") as caught:
            bucket("s3://evidence").put([b"x"])
    assert caught.value.next_step


@pytest.mark.parametrize("url", ["nonsense://evidence", "s3://"])
def test_an_address_that_is_none_is_the_callers_mistake(url):
    with pytest.raises(CallerError, match="no address of a bucket"):
        bucket(url)
