"""A process that speaks the attach protocol as a JVM does, as badly as it is told; run by itself.

``attach_server.py MODE``: prints its pid when it is ready. SIGQUIT opens its socket where ``.attach_pid`` is there.
Modes: ``well``; ``open`` (the socket is there at once); ``deaf`` (SIGQUIT is taken, no socket opens); ``mute`` (takes a
question, says nothing); ``refuses``; ``rubbish``; ``hangs-up``; ``trickles`` (a file that never ends); ``no-file``.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path

MODE = sys.argv[1]
PID = os.getpid()
PLACE = Path(f"/tmp/.java_pid{PID}")
FILE = b"JAVA PROFILE 1.0.2\0" + os.urandom(256 * 20_000)


def main():
    server = socket.socket(socket.AF_UNIX)
    asked = []
    signal.signal(signal.SIGQUIT, lambda *_: asked.append(any(path.exists() for path in triggers())))
    if MODE == "open":
        listen(server)
    say(str(PID))
    while MODE != "open":
        time.sleep(0.01)
        if asked:
            if not asked.pop():
                say("all threads")
            elif MODE != "deaf":
                listen(server)
                break
    while True:
        answer(server.accept()[0])


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def triggers():
    return Path(f"/proc/self/cwd/.attach_pid{PID}"), Path(f"/tmp/.attach_pid{PID}")


def listen(server):
    """As the JVM: under another name first."""
    early = PLACE.with_name(f"{PLACE.name}.tmp")
    server.bind(str(early))
    server.listen()
    early.chmod(0o600)
    early.rename(PLACE)


def answer(asker):
    asked = b""
    while asked.count(b"\0") < 5:
        asked += asker.recv(4096)
    version, verb, command, *_ = asked.split(b"\0")
    if MODE == "mute":
        time.sleep(600)
    said = {"refuses": b"1\njava.lang.IllegalArgumentException: Unknown diagnostic command\n", "rubbish": b"what?"}
    if MODE in said or MODE == "hangs-up":
        asker.sendall(said.get(MODE, b""))
    elif b".hprof" in command and MODE != "no-file":
        asker.sendall(b"0\nDumping heap ...\n")
        write(command.split()[-1].decode())
        asker.sendall(b"Heap dump file created [%d bytes in 0.1 secs]\n" % len(FILE))
    else:
        asker.sendall(b"0\n" + version + b" " + verb + b" " + command + b"\n")
    asker.close()


def write(path):
    # As the JVM: it would make a file where none is.
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    left = memoryview(FILE)
    try:
        while left:
            left = left[os.write(fd, left) :]
        while MODE == "trickles":
            time.sleep(0.02)
            os.write(fd, b"more")
        Path(f"/tmp/.written-{PID}").touch()
    except BrokenPipeError:
        Path(f"/tmp/.given-up-{PID}").touch()
    finally:
        os.close(fd)


main()
