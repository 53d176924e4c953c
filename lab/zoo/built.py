"""From the source of one variant to a command that runs it, by its runtime's ordinary tools."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lab.zoo.case import Case, serving_files

BUILT_WITHIN_S: Final = 900.0
RUBY_HELPER: Final = Path(__file__).parents[2] / "src" / "oakum" / "probe" / "oakum_heap.rb"
"""A Ruby answers nobody for its heap unless it loaded this (docs/ruby.md)."""

_PACKAGE: Final = re.compile(r"^package\s+([\w.]+);", re.MULTILINE)
_one_at_a_time = threading.Lock()


class Missing(Exception):  # noqa: N818  (no fault: a thing that is not here)
    """A tool that this machine lacks."""

    def __init__(self, tool: str, package: str) -> None:
        super().__init__(f"no {tool} here: apt-get install {package}")


class BuildError(Exception):
    """What the compiler said."""


def built(case: Case, variant: str, folder: Path) -> list[str]:
    """Its command, with what it needs in ``folder``, where it is to be run. Raises Missing, BuildError."""
    # A Go program is all files of its folder: one with a server of its own takes no other.
    alone = case.suffix == ".go" and "func serve(" in case.body
    for served in [] if alone else serving_files(case.suffix):
        shutil.copy(served, folder / served.name)
    source = folder / f"{case.name}{case.suffix}"
    source.write_text(case.rendered(variant), encoding="utf-8")
    match case.runtime:
        case "node":
            return [found("node", "nodejs"), *case.runtime_options, source.name]
        case "ruby":
            return [found("ruby", "ruby"), "-r", str(RUBY_HELPER), *case.runtime_options, source.name]
        case "jvm":
            return _jvm(case, folder)
        case "go":
            return _go(case, folder)
        case "native":
            return _native(case, folder)
        case _:
            return [sys.executable, "-u", *case.runtime_options, source.name]


def found(tool: str, package: str) -> str:
    path = shutil.which(tool) or shutil.which(tool, path="/usr/local/go/bin")
    if path is None:
        raise Missing(tool, package)
    return path


def _jvm(case: Case, folder: Path) -> list[str]:
    java = found("java", "default-jdk-headless")
    _made([found("javac", "default-jdk-headless"), "-g", "-d", ".", *_names(folder, ".java")], folder)
    options = case.runtime_options or (f"-Xmx{case.limit_mib // 2}m",)
    package = _PACKAGE.search(case.body)
    main = f"{package[1]}.{case.name}" if package else case.name
    return [java, *options, "-cp", ".", main]


def _go(case: Case, folder: Path) -> list[str]:
    go = found("go", "golang-go")
    told = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60, check=True).stdout
    # A module speaks the language of the version that it names, and so do the patterns of its routes.
    version = re.match(r"go(\d+\.\d+)", told)
    (folder / "go.mod").write_text(f"module service\n\ngo {version[1] if version else '1.19'}\n", encoding="utf-8")
    _made([go, "build", "-o", case.name, "."], folder)
    return [str(folder / case.name)]


def _native(case: Case, folder: Path) -> list[str]:
    compiler = found("g++", "g++") if case.suffix == ".cc" else found("gcc", "gcc")
    _made([compiler, "-O1", "-g", "-pthread", "-o", case.name, f"{case.name}{case.suffix}", "-lm"], folder)
    return [str(folder / case.name)]


def _names(folder: Path, suffix: str) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix == suffix)


def _made(command: Sequence[str], folder: Path) -> None:
    """One compiler at a time: services are being measured beside it."""
    with _one_at_a_time:
        done = subprocess.run(
            ["nice", *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BUILT_WITHIN_S,
            check=False,
        )
    if done.returncode:
        raise BuildError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
