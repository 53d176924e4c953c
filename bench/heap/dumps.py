"""Makes the dumps: real ones, of the lab's programs, kept between runs."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
JAVA = ROOT / "lab" / "java" / "Many.java"
NODE = ROOT / "lab" / "node" / "shop" / "main.js"


@dataclass(frozen=True, slots=True)
class Size:
    """``count``: what the program is told to make. ``heap_mb``: its limit."""

    name: str
    count: int
    heap_mb: int


JAVA_SIZES = (Size("small", 200_000, 512), Size("middle", 600_000, 1024), Size("large", 1_300_000, 2048))
NODE_SIZES = (Size("small", 20_000, 512), Size("middle", 110_000, 2048), Size("large", 300_000, 4096))


def java_dump(folder: Path, size: Size) -> Path | None:
    """None where there is no JDK."""
    path = folder / f"many-{size.name}.hprof"
    if path.exists():
        return path
    if shutil.which("jcmd") is None:
        return None
    subprocess.run(["javac", "-d", str(folder), str(JAVA)], check=True)
    command = ["java", f"-Xmx{size.heap_mb}m", "-XX:+UseParallelGC", "-cp", str(folder), "Many", str(size.count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdout.readline()
        subprocess.run(["jcmd", str(program.pid), "GC.heap_dump", str(path)], check=True, stdout=subprocess.DEVNULL)
        program.stdin.close()
    return path


def node_snapshot(folder: Path, size: Size) -> Path | None:
    """None where there is no node."""
    path = folder / f"shop-{size.name}.heapsnapshot"
    if path.exists():
        return path
    if shutil.which("node") is None:
        return None
    told = f"serve {size.count}\ndump {path}\n".encode()
    command = ["node", f"--max-old-space-size={size.heap_mb}", str(NODE)]
    subprocess.run(command, input=told, check=True, stdout=subprocess.DEVNULL)
    return path
