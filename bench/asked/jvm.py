"""A JVM: a class histogram beside the one that jcmd asks for."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.asked.target import Cost, target
from oakum.host import this_machine
from oakum.model.absent import Absent
from oakum.probe.jvm import JvmProbe

PROGRAM = Path(__file__).with_name("Holder.java")
WITHIN_S = 120.0


def rows(java: Path, objects: int, times: int) -> Iterator[tuple[str, Cost]]:
    """``java``: the folder of its programs."""
    with tempfile.TemporaryDirectory() as classes:
        subprocess.run([java / "javac", "-d", classes, PROGRAM], check=True)
        command = [str(java / "java"), "-Xmx1g", "-XX:+UseSerialGC", "-cp", classes, "Holder", str(objects)]
        with target(command) as program:
            machine = this_machine()
            with closing(machine.jvms.open(program.pid)) as jvm:
                probe = JvmProbe(program.pid, jvm, machine.processes)
                reach = probe.look()
                if isinstance(reach, Absent):
                    raise SystemExit(reach.why)
                session = probe.session(reach)
                session.version()

                def jcmd(*options: str) -> None:
                    words = [java / "jcmd", str(program.pid), "GC.class_histogram", *options]
                    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

                for _ in range(times):
                    yield "nothing, for as long", program.cost(lambda: None)
                    yield "histogram, jcmd", program.cost(jcmd)
                    yield "histogram of all objects, jcmd -all", program.cost(lambda: jcmd("-all"))
                    yield "histogram of all objects, Oakum", program.cost(lambda: session.histogram(within_s=WITHIN_S))
