"""The images of the lab: a runtime from Debian's packages, our programs in /app. Made once, kept by their content."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.cluster import archive, layer
from lab.cluster.place import Place, cache
from lab.cluster.runtime import ctr
from oakum.model.errors import MachineError

PROGRAMS = Path(__file__).parent / "workloads" / "programs"
NEEDED = ("apt-get", "dpkg-deb", "gcc", "javac")
TOOLS = ("dash", "coreutils", "tar")


@dataclass(frozen=True, slots=True)
class Image:
    """``sources``: which of our programs it holds. ``only``: the programs of its packages that stay; None: all."""

    name: str
    sources: str
    command: tuple[str, ...]
    packages: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    @property
    def reference(self) -> str:
        return f"oakum.lab/{self.name}:1"


IMAGES = (
    Image("pause", "pause.c", ("/app/pause",)),
    Image("native", "*.c", ("/app/leak",)),
    Image("python", "*.py", ("python3",), ("python3", *TOOLS)),
    Image("node", "*.cjs", ("node",), ("nodejs", *TOOLS)),
    Image("jvm", "*.java", ("java", "-cp", "/app"), ("default-jre-headless", *TOOLS)),
    Image("distroless", "*.py", ("/usr/bin/python3",), ("python3",), only=("python3", "python3.11")),
)


def archives() -> list[archive.Archive]:
    """Every image as a file; what is not in the cache is made."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        raise MachineError(
            "the lab's images cannot be made",
            why=f"no {', '.join(missing)} here",
            next_step="on Debian: apt-get install gcc libc6-dev default-jdk-headless",
        )
    folder = cache() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return [archive.read(_made(image, folder)) for image in IMAGES]


def import_all(place: Place) -> None:
    """What containerd does not have yet."""
    present = {tuple(line.split()[:3:2]) for line in ctr(place, "images", "list").splitlines()}
    for image in archives():
        if (image.name, image.digest) not in present:
            ctr(place, "images", "import", str(image.path))


def _made(image: Image, folder: Path) -> Path:
    files = {path.name: path.read_bytes() for path in sorted(PROGRAMS.glob(image.sources))}
    key = _key(repr(image).encode(), Path(archive.__file__).read_bytes(), _layer_key(image), *files.values())
    path = folder / f"{image.name}-{key}.tar"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=folder) as work:
            layers = [_packages(image, folder)] if image.packages else []
            ours = Path(work) / "ours"
            layer.write_files(ours, _built(files, Path(work)))
            made = Path(work) / "made"
            archive.write(made, image.reference, [*layers, ours], image.command)
            _replace(made, path, f"{image.name}-*.tar")
    return path


def _packages(image: Image, folder: Path) -> Path:
    """Fetching takes longest, so it is not done again when a program of ours changes."""
    path = folder / f"packages-{image.name}-{_key(_layer_key(image))}.tar"
    if not path.exists():
        print(f"making the image {image.name} from {', '.join(image.packages)}", flush=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            made = Path(work) / "made"
            layer.write_packages(made, image.packages, image.only)
            _replace(made, path, f"packages-{image.name}-*.tar")
    return path


def _replace(made: Path, path: Path, older: str) -> None:
    """Each takes a good part of a GiB, so what it stands in for goes."""
    for old in path.parent.glob(older):
        old.unlink(missing_ok=True)
    made.rename(path)


def _built(files: Mapping[str, bytes], work: Path) -> dict[str, bytes]:
    """By their path in the image: C and Java as they are compiled, the rest as it is."""
    out = work / "built"
    out.mkdir()
    for name, content in files.items():
        source = work / name
        source.write_bytes(content)
        if name.endswith(".c"):
            command = ["gcc", "-O1", "-static", "-Wall", "-Werror", "-o", str(out / source.stem), str(source)]
        elif name.endswith(".java"):
            command = ["javac", "-d", str(out), str(source)]
        else:
            command = ["cp", str(source), str(out)]
        subprocess.run(command, check=True)
    return {f"app/{path.relative_to(out)}": path.read_bytes() for path in out.rglob("*") if path.is_file()}


def _layer_key(image: Image) -> bytes:
    return repr((image.packages, image.only)).encode() + Path(layer.__file__).read_bytes()


def _key(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
