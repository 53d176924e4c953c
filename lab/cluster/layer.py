"""Layers of images: packages of Debian as they are unpacked, or files of ours. No daemon and no registry is asked.

Packages are only unpacked: no script of theirs runs, so what such a script would link is linked here.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

MERGED = ("bin", "lib", "lib64", "sbin")
"""They are links into usr, as Debian has them."""
LEFT_OUT = re.compile(r"usr/share/(doc|man|locale|info|lintian|bug|fonts|icons)/")
PROGRAM = re.compile(r"usr/s?bin/([^/]+)")
USERS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/app:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:1000:\n",
}
LINKS = {"usr/bin/sh": "dash", "usr/bin/java": "/usr/lib/jvm/default-java/bin/java", "usr/bin/python": "python3"}


def write_packages(layer: Path, packages: Sequence[str], only: Sequence[str] | None = None) -> None:
    """``packages`` with all that they depend on. ``only``: the programs that stay; the rest of bin and sbin goes."""
    with tempfile.TemporaryDirectory(dir=layer.parent) as work, tarfile.open(layer, "w") as out:
        written = set[str]()
        for name in (*MERGED, "tmp"):
            _add(
                out,
                written,
                _entry(name, tarfile.SYMTYPE, f"usr/{name}") if name in MERGED else _directory(name, 0o1777),
            )
        for deb in _downloaded(Path(work), packages):
            unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], check=True, capture_output=True).stdout
            with tarfile.open(fileobj=io.BytesIO(unpacked)) as package:
                for member in package:
                    member.name = _placed(member.name)
                    if member.islnk():
                        member.linkname = _placed(member.linkname)
                    if _wanted(member.name, only):
                        _add(out, written, member, package.extractfile(member) if member.isreg() else None)
        for name, target in LINKS.items():
            if _exists(written, name, target) and _wanted(name, only):
                _add(out, written, _entry(name, tarfile.SYMTYPE, target))
        for name, text in USERS.items():
            _add(out, written, _entry(name, size=len(text)), io.BytesIO(text.encode()))


def write_files(layer: Path, files: Mapping[str, bytes]) -> None:
    """By their path in the image; all may be executed."""
    with tarfile.open(layer, "w") as out:
        written = set[str]()
        for name, content in sorted(files.items()):
            for parent in reversed(Path(name).parents[:-1]):
                _add(out, written, _directory(str(parent)))
            _add(out, written, _entry(name, size=len(content), mode=0o755), io.BytesIO(content))


def _downloaded(folder: Path, packages: Sequence[str]) -> list[Path]:
    """As if nothing were installed here: what packages depend on comes too."""
    (folder / "partial").mkdir()
    nothing = folder / "status"
    nothing.touch()
    options = [f"Dir::State::status={nothing}", f"Dir::Cache::archives={folder}", "APT::Sandbox::User=root"]
    chosen = [part for option in [*options, "Debug::NoLocking=1"] for part in ("-o", option)]
    command = ["apt-get", *chosen, "-qq", "-y", "--no-install-recommends", "--download-only", "install", *packages]
    subprocess.run(command, check=True, capture_output=True)
    return sorted(folder.glob("*.deb"))


def _placed(name: str) -> str:
    path = name.removeprefix("./").rstrip("/")
    return f"usr/{path}" if path.partition("/")[0] in MERGED else path


def _wanted(name: str, only: Sequence[str] | None) -> bool:
    program = PROGRAM.fullmatch(name)
    if program is not None and only is not None:
        return program[1] in only
    return bool(name) and not LEFT_OUT.match(name)


def _exists(written: Iterable[str], link: str, target: str) -> bool:
    """Whether the link leads somewhere; a link to a folder in between counts."""
    path = target.lstrip("/") if target.startswith("/") else str(Path(link).parent / target)
    return any(name == path or path.startswith(f"{name}/") and name.count("/") > 2 for name in written)


def _add(out: tarfile.TarFile, written: set[str], entry: tarfile.TarInfo, content: IO[bytes] | None = None) -> None:
    """Two packages have one folder; two have one file never."""
    if entry.name not in written:
        written.add(entry.name)
        out.addfile(entry, content)


def _directory(name: str, mode: int = 0o755) -> tarfile.TarInfo:
    return _entry(name, tarfile.DIRTYPE, mode=mode)


def _entry(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", *, size: int = 0, mode: int = 0o644
) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size, entry.mode = kind, link, size, mode
    return entry
