"""What goes over an API server to a container: exec, and forwarded ports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from kube_answers import Answering
from kube_socket import Joined, Run, ending, relayed
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

LAYERS = (
    "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec"
    f' "{"ab" * 32}": OCI runtime exec failed: exec failed: unable to start container process: '
)
"""What stands before the words of who refused, in a real node's answer."""


class Carrying(Answering):
    """Requests that become web sockets."""

    def _exec(self) -> None:
        asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        command = asked.get("command", asked["container"])
        program = self.server.state.programs.get(command[0])
        talker = self.server.state.talkers.get(command[0])
        with self._socket(["v5.channel.k8s.io", "v4.channel.k8s.io"]) as joined:
            if talker is not None:
                talker(joined)
                return
            given = b""
            while program is not None and asked["stdin"] == ["true"]:
                message = joined.receive()
                if message[0] == 255:
                    break
                given += message[1:]
            if program is None:
                done = Run(fault=f'{LAYERS}exec: "{command[0]}": executable file not found in $PATH: unknown')
            else:
                done = program(command, given)
            for channel, content in ((1, done.out), (2, done.err)):
                for start in range(0, len(content), 1000):
                    joined.send(bytes([channel]) + content[start : start + 1000])
            if not done.cut:
                joined.send(b"\x03" + json.dumps(ending(done)).encode())

    def _forward(self, key: tuple[str, str, str], port: int) -> None:
        answer = self.server.state.ports.get((key[2], port))
        head = port.to_bytes(2, "little")
        with self._socket(["v4.channel.k8s.io"]) as joined:
            joined.send(b"\x00" + head)
            joined.send(b"\x01" + head)
            if answer is None:
                joined.send(b"\x01" + b"failed to connect to localhost:%d inside namespace" % port)
                return
            if isinstance(answer, tuple):
                relayed(joined, answer)
                return
            with suppress(EOFError):
                while True:
                    joined.send(b"\x00" + answer(joined.receive()[1:]))

    @contextmanager
    def _socket(self, spoken: list[str]) -> Iterator[Joined]:
        protocol = ServerProtocol(subprotocols=spoken, max_size=None)  # type: ignore[arg-type]
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        protocol.receive_data(f"{self.requestline}\r\n{lines}\r\n".encode())
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        joined = Joined(self.connection, protocol)
        joined.flush()
        self.close_connection = True
        if protocol.state is OPEN:
            yield joined
            joined.close()
