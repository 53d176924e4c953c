"""Files as a hostile target shows them: nothing above its root, nothing that waits or acts when it is opened."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oakum.host.rooted import open_regular

SECRET = "secret of the machine"
INSIDE = "inside"


@pytest.fixture
def root(tmp_path):
    """``root`` is the target's; ``secret`` lies beside it."""
    (tmp_path / "secret").write_text(SECRET)
    root = tmp_path / "root"
    (root / "etc/deep").mkdir(parents=True)
    (root / "etc/conf").write_text(INSIDE)
    return root


def read(root, path):
    fd = open_regular(str(root), path)
    try:
        return os.read(fd, 100).decode()
    finally:
        os.close(fd)


@pytest.mark.parametrize(
    "path", ["/etc/conf", "etc/conf", "//etc/./conf", "/etc/deep/../conf", "/../../etc/conf", "../../../etc/conf"]
)
def test_a_file_below_the_root_is_read(root, path):
    assert read(root, path) == INSIDE


@pytest.mark.parametrize(
    ("target", "content"),
    [
        ("conf", INSIDE),
        ("/etc/conf", INSIDE),
        ("../etc/conf", INSIDE),
        ("../../../../../etc/conf", INSIDE),
        ("/../etc/conf", INSIDE),
        ("deep/../conf", INSIDE),
    ],
)
def test_a_link_is_resolved_against_the_targets_root(root, target, content):
    (root / "etc/link").symlink_to(target)
    assert read(root, "/etc/link") == content


@pytest.mark.parametrize("target", ["../../secret", "../../../secret", "/../secret", "{tmp_path}/secret"])
def test_a_link_never_leads_out_of_the_root(root, tmp_path, target):
    (root / "etc/link").symlink_to(target.format(tmp_path=tmp_path))
    with pytest.raises(FileNotFoundError):
        open_regular(str(root), "/etc/link")


@pytest.mark.parametrize("path", ["../secret", "/../secret", "etc/../../secret", "etc/deep/../../../secret"])
def test_dots_never_lead_out_of_the_root(root, path):
    with pytest.raises(FileNotFoundError):
        open_regular(str(root), path)


def test_a_folder_on_the_way_may_be_a_link_too(root, tmp_path):
    (root / "out").symlink_to(tmp_path)
    (root / "etc2").symlink_to("/etc")
    (root / "etc2deep").symlink_to("etc2/deep")
    assert read(root, "/etc2/conf") == INSIDE
    assert read(root, "/etc2deep/../conf") == INSIDE
    with pytest.raises(FileNotFoundError):
        open_regular(str(root), "/out/secret")


def test_a_magic_link_of_proc_is_a_text_like_any_other(tmp_path):
    # /proc/self/root leads to "/" for the kernel's own walk; here it is a link within the given root.
    (tmp_path / "secret").write_text(SECRET)
    with pytest.raises(FileNotFoundError):
        open_regular("/proc", f"/self/root{tmp_path}/secret")


def test_links_in_a_circle_end(root):
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links") as caught:
        open_regular(str(root), "/a")
    assert caught.value.errno == errno.ELOOP


def test_forty_links_are_followed_and_one_more_is_not(root):
    (root / "0").symlink_to("etc/conf")
    for number in range(40):
        (root / str(number + 1)).symlink_to(str(number))
    assert read(root, "39") == INSIDE
    with pytest.raises(OSError, match="symbolic links"):
        open_regular(str(root), "40")


@pytest.mark.parametrize("kind", ["folder", "fifo", "socket", "device", "root"])
def test_only_a_regular_file_is_opened(root, kind):
    place = root / "it"
    if kind == "folder":
        place.mkdir()
    elif kind == "fifo":
        # To open it would wait for a writer.
        os.mkfifo(place)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(place))
    elif kind == "device":
        root, place = Path("/dev"), Path("/dev/null")
    with pytest.raises(OSError, match="not a regular file") as caught:
        open_regular(str(root), "/" if kind == "root" else place.name)
    assert caught.value.errno == errno.EINVAL


def test_a_file_is_no_folder(root):
    with pytest.raises(NotADirectoryError):
        open_regular(str(root), "/etc/conf/more")


@pytest.mark.parametrize("path", ["/etc/missing", "/etc", "/loop/x", "/etc/deep/../../x", "/etc/conf/x"])
def test_nothing_is_left_open_by_a_failure(root, path, open_files):
    (root / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"."):
        open_regular(str(root), path)


def test_only_the_file_itself_is_left_open(root, open_files):
    os.close(open_regular(str(root), "/etc/deep/../conf"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["..", ".", "", "etc", "deep", "conf", "secret", "link", "up", "top"]), max_size=8),
    st.sampled_from(["..", "/..", "../..", "/etc", "deep/..", "/link", "../../secret"]),
)
def test_no_path_reads_what_lies_outside(root, names, target):
    for name, leads_to in (("link", target), ("etc/up", ".."), ("etc/deep/top", "/..")):
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(leads_to)
    try:
        assert read(root, "/".join(names)) == INSIDE
    except OSError as exc:
        assert exc.errno in {errno.ENOENT, errno.EINVAL, errno.ELOOP, errno.ENOTDIR}  # noqa: PT017  (either is right)
