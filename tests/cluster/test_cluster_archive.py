"""Images as files: every part is found under its hash, and the same parts make the same file. No cluster."""

from __future__ import annotations

import hashlib
import json
import tarfile

import pytest

from lab.cluster import archive, layer


@pytest.fixture
def ours(tmp_path):
    path = tmp_path / "layer"
    layer.write_files(path, {"app/main": b"program", "app/part/other": b"text"})
    return path


def members(path):
    with tarfile.open(path) as found:
        return {one.name: found.extractfile(one).read() for one in found if one.isreg()}


def test_every_blob_of_an_archive_is_named_by_its_hash_and_all_that_is_named_is_there(tmp_path, ours):
    path = tmp_path / "image.tar"
    archive.write(path, "oakum.lab/test:1", [ours, ours], ["/app/main"])
    files = members(path)
    blobs = {name: content for name, content in files.items() if name.startswith("blobs/")}
    assert all(name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}" for name, content in blobs.items())
    (index,) = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(blobs[f"blobs/{index['digest'].replace(':', '/')}"])
    parts = [manifest["config"], *manifest["layers"]]
    assert [len(blobs[f"blobs/{part['digest'].replace(':', '/')}"]) for part in parts] == [one["size"] for one in parts]
    assert archive.read(path) == archive.Archive("oakum.lab/test:1", path, index["digest"])
    (old,) = json.loads(files["manifest.json"])
    assert {old["Config"], *old["Layers"]} <= set(blobs)


def test_the_same_parts_make_the_same_file(tmp_path, ours):
    paths = [tmp_path / "one", tmp_path / "other"]
    for path in paths:
        archive.write(path, "oakum.lab/test:1", [ours], ["/app/main"])
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_is_ours_in_a_layer_may_be_executed_and_its_folders_entered(ours):
    with tarfile.open(ours) as found:
        modes = {one.name: (one.isdir(), one.mode) for one in found}
    assert modes["app"] == modes["app/part"] == (True, 0o755)
    assert modes["app/main"] == modes["app/part/other"] == (False, 0o755)


@pytest.mark.parametrize(
    ("told", "placed"),
    [("./bin/sh", "usr/bin/sh"), ("./lib/x86/libc.so", "usr/lib/x86/libc.so"), ("./usr/bin/env", "usr/bin/env"),
     ("./etc/passwd", "etc/passwd"), ("./library/x", "library/x"), ("./", "")],
)  # fmt: skip
def test_files_of_packages_are_placed_where_debian_has_merged_its_folders(told, placed):
    assert layer._placed(told) == placed


@pytest.mark.parametrize(
    ("name", "only", "wanted"),
    [
        ("usr/bin/python3", ("python3",), True),
        ("usr/bin/sh", ("python3",), False),
        ("usr/sbin/chroot", ("python3",), False),
        ("usr/bin/sh", None, True),
        ("usr/lib/python3/os.py", ("python3",), True),
        ("usr/share/doc/tar/copyright", None, False),
        ("", None, False),
    ],
)
def test_a_distroless_layer_keeps_no_program_but_those_named(name, only, wanted):
    assert layer._wanted(name, only) is wanted
