"""The JVM: HotSpot by what libjvm.so says of itself, OpenJ9 by its own library and the release file of its JDK."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Final

from oakum.model.absent import Absent
from oakum.model.ports import Processes
from oakum.model.runtime import Runtime, RuntimeName
from oakum.probe.mapped import MappedFile
from oakum.probe.runtime_marks import HOTSPOT
from oakum.probe.sight import Sight

RELEASE_BYTES: Final = 1 << 16
_LINE: Final = re.compile(r'^([A-Z_]+)="?([^"\n]*)"?$', re.MULTILINE)
_OLD: Final = re.compile(r"1\.8\.0_(\d+)")


def jvm(sight: Sight, pid: int, processes: Processes) -> Runtime | None:
    """OpenJ9 has a libjvm.so too: its own library comes first. Neither is believed by its name."""
    other = sight.library("libj9vm")
    if other is not None:
        release = _release(other, pid, processes)
        if release:
            how = f"{other.name} is mapped; the release file of its JDK says {release['JAVA_VERSION']}"
            return Runtime(RuntimeName.JVM, _version(release["JAVA_VERSION"]), (how,), "OpenJ9")
        return Runtime(
            RuntimeName.JVM, "", (f"{other.name} is mapped; its JDK's release file cannot be read",), "OpenJ9"
        )
    library = sight.library("libjvm.so")
    found = sight.in_library(library, HOTSPOT).get(HOTSPOT) if library is not None else None
    if library is None or found is None:
        return None
    how = f"{library.name} says that it is of JRE {found.text()}"
    maker = {} if library.replaced else _release(library, pid, processes)
    vendor = maker.get("IMPLEMENTOR", "") if maker.get("JAVA_VERSION") == _bare(found.text()) else ""
    return Runtime(RuntimeName.JVM, _version(found.text()), (how,), f"HotSpot of {vendor}" if vendor else "HotSpot")


def _release(library: MappedFile, pid: int, processes: Processes) -> Mapping[str, str]:
    """The release file of the JDK that a library is part of; empty where there is none."""
    for folder in islice(library.place.parents, 1, 6):
        raw = processes.read_file(pid, str(folder / "release"), RELEASE_BYTES)
        if not isinstance(raw, Absent):
            told = dict(_LINE.findall(raw.decode("utf-8", "replace")))
            if "JAVA_VERSION" in told:
                return told
    return {}


def _bare(text: str) -> str:
    """``17.0.15+6-Debian-1deb12u1`` → ``17.0.15``, ``1.8.0_392-b08`` → ``1.8.0_392``."""
    return re.split(r"[-+]", text, maxsplit=1)[0]


def _version(text: str) -> str:
    """As people say it: ``8u392`` is written 1.8.0_392 by the JVM itself."""
    return _OLD.sub(r"8u\1", _bare(text))
