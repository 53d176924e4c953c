"""Programs in containers and ports of pods, over web sockets: one byte of each message names its channel.

Source: k8s.io/apimachinery pkg/util/remotecommand/constants.go, kubelet pkg/cri/streaming (remotecommand, portforward),
KEP-4006.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import anyio

from oakum.kube.api import AGENT, ANSWER_S, CONNECT_S, Api, status_of
from oakum.kube.decode.fields import table, tables, text
from oakum.kube.faults import Call, Expired, answered, interrupted, refused, unreached
from oakum.kube.resources import PODS
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Conversation, Executed, Tunnel
from oakum.model.cluster_pod import ContainerName
from oakum.model.errors import OakumError, TargetError
from oakum.wire.faults import TRANSPORT

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

STDIN, STDOUT, STDERR, STATUS, CLOSE = 0, 1, 2, 3, 255
V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
MESSAGE_BYTES: Final = 4 << 20
CLOSE_S: Final = 1.0
COMPLAINT_BYTES: Final = 300
PIECE_BYTES: Final = 32 << 10
"""What is given to a program goes in pieces: some proxies refuse larger messages."""

_NO_PROGRAM: Final = ("executable file", "no such file or directory", "not found in $PATH")


async def run(  # noqa: PLR0913  (as the port has it)
    api: Api,
    place: ContainerName,
    command: Sequence[str],
    *,
    within_s: float,
    given: bytes,
    most_bytes: int,
    heard: Callable[[bytes], None] | None = None,
) -> Executed | Absent:
    """As ``Cluster.run``."""
    query = [
        ("container", place.container),
        *(("command", word) for word in command),
        ("stdin", "true" if given else "false"),
        ("stdout", "true"),
        ("stderr", "true"),
    ]
    path = f"{PODS.path(place.namespace, place.pod, 'exec')}?{urlencode(query)}"
    call = PODS.call("create", place.namespace, place.pod, "exec")
    # Only the fifth version can tell a program that nothing more comes.
    versions = [V5] if given else [V5, V4]
    try:
        with anyio.fail_after(within_s):
            async with _joined(api, path, call, versions) as joined:
                if given:
                    await _give(joined, given)
                return await _heard(joined, place, command, most_bytes, heard)
    except TimeoutError as exc:
        raise TargetError(
            f"{command[0]} in {place} takes too long",
            why=f"it has not ended in {within_s:.0f} s; it may still run there",
            next_step=f"kubectl exec -n {place.namespace} {place.pod} -c {place.container} -- ps",
        ) from exc


@asynccontextmanager
async def converse(api: Api, place: ContainerName, command: Sequence[str]) -> AsyncIterator[Conversation]:
    """As ``Cluster.converse``."""
    query = [
        ("container", place.container),
        *(("command", word) for word in command),
        ("stdin", "true"),
        ("stdout", "true"),
        ("stderr", "true"),
    ]
    path = f"{PODS.path(place.namespace, place.pod, 'exec')}?{urlencode(query)}"
    call = PODS.call("create", place.namespace, place.pod, "exec")
    async with _joined(api, path, call, [V5, V4]) as joined:
        yield _Spoken(joined, place, command)


class _Spoken:
    """Port Conversation."""

    def __init__(self, joined: ClientConnection, place: ContainerName, command: Sequence[str]) -> None:
        self._joined, self._place, self._command = joined, place, command
        self._complaint = b""

    async def send(self, data: bytes) -> None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        try:
            for start in range(0, len(data), PIECE_BYTES):
                await self._joined.send(bytes([STDIN]) + data[start : start + PIECE_BYTES])
        except ConnectionClosed:
            # What it said before tells why.
            while True:
                await self.receive()

    async def receive(self) -> bytes:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        while True:
            try:
                message = await self._joined.recv()
            except ConnectionClosed as exc:
                raise self._ended("the connection broke: the container may be gone") from exc
            content = message.encode() if isinstance(message, str) else message
            channel, content = content[:1], content[1:]
            if channel == bytes([STDOUT]) and content:
                return content
            if channel == bytes([STDERR]):
                self._complaint = (self._complaint + content)[-COMPLAINT_BYTES:]
            elif channel == bytes([STATUS]):
                done = _ended(content, {STDOUT: [], STDERR: []}, self._place, self._command)
                raise self._ended(done.why if isinstance(done, Absent) else f"its exit code is {done.code}")

    def _ended(self, why: str) -> TargetError:
        said = " ".join(self._complaint.decode("utf-8", "replace").split())
        return TargetError(
            f"{self._command[0]} in {self._place} has ended",
            why=f"{why}; it said: {said}" if said else why,
            next_step=f"kubectl get pod -n {self._place.namespace} {self._place.pod}",
        )


async def _give(joined: ClientConnection, given: bytes) -> None:
    for start in range(0, len(given), PIECE_BYTES):
        await joined.send(bytes([STDIN]) + given[start : start + PIECE_BYTES])
    await joined.send(bytes([CLOSE, STDIN]))


async def _heard(
    joined: ClientConnection,
    place: ContainerName,
    command: Sequence[str],
    most_bytes: int,
    heard: Callable[[bytes], None] | None,
) -> Executed | Absent:
    parts: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
    size = 0
    async for message in joined:
        content = message.encode() if isinstance(message, str) else message
        if not content:
            continue
        channel, content = content[0], content[1:]
        if channel == STATUS:
            return _ended(content, parts, place, command)
        if channel == STDOUT and heard is not None:
            heard(content)
        elif channel in parts and content:
            parts[channel].append(content[: max(0, most_bytes - size)])
            size += len(content)
            if size > most_bytes:
                return Executed(0, b"".join(parts[STDOUT]), b"".join(parts[STDERR]), cut=True)
    raise TargetError(
        f"{command[0]} in {place} was cut off",
        why="the connection ended before the program did: the container may be gone",
        next_step=f"kubectl get pod -n {place.namespace} {place.pod}",
    )


def _ended(
    content: bytes, parts: Mapping[int, list[bytes]], place: ContainerName, command: Sequence[str]
) -> Executed | Absent:
    status = status_of(content)
    code = exit_code(status)
    if code is not None:
        return Executed(code, b"".join(parts[STDOUT]), b"".join(parts[STDERR]))
    # Each component puts its own words in front: what happened stands at the end.
    why = " ".join(text(status, "message").split()).rpartition("exec failed: ")[2][-300:]
    if any(words in why for words in _NO_PROGRAM):
        return Absent(
            f"{command[0]} in {place}",
            AbsentKind.NOT_APPLICABLE,
            f"the image has no such program ({why})",
            f"kubectl debug -n {place.namespace} {place.pod} --target={place.container} --image=…",
        )
    raise TargetError(
        f"{command[0]} could not be run in {place}",
        why=why or "the node does not say why",
        next_step=f"kubectl describe pod -n {place.namespace} {place.pod}",
    )


def exit_code(status: object) -> int | None:
    """Of a ``Status``; None: it says of no program that it ended."""
    body = table(status)
    if body.get("status") == "Success":
        return 0
    if body.get("reason") != "NonZeroExitCode":
        return None
    told = next(
        (
            text(each, "message")
            for each in tables(table(body, "details"), "causes")
            if each.get("reason") == "ExitCode"
        ),
        "",
    )
    return int(told) if told.isascii() and told.isdigit() else None


@asynccontextmanager
async def forward(api: Api, namespace: str, pod: str, port: int) -> AsyncIterator[Tunnel]:
    """As ``Cluster.forward``."""
    path = f"{PODS.path(namespace, pod, 'portforward')}?{urlencode({'ports': port})}"
    call = PODS.call("create", namespace, pod, "portforward")
    async with _joined(api, path, call, [V4]) as joined:
        yield _Forwarded(joined, f"port {port} of pod/{namespace}/{pod}", f"kubectl describe pod -n {namespace} {pod}")


class _Forwarded:
    """Port Tunnel. Channel 0 carries the data, channel 1 what went wrong; each begins with the port's two bytes."""

    def __init__(self, joined: ClientConnection, title: str, look: str) -> None:
        self._joined, self._title, self._look = joined, title, look
        self._begun: set[int] = set()

    async def send(self, data: bytes) -> None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        try:
            for start in range(0, len(data), PIECE_BYTES):
                await self._joined.send(b"\x00" + data[start : start + PIECE_BYTES])
        except ConnectionClosed as exc:
            raise TargetError(
                f"the connection to {self._title} broke",
                why="the pod may be gone, or the API server restarts",
                next_step="the same command again",
            ) from exc

    async def receive(self) -> bytes:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        while True:
            try:
                message = await self._joined.recv()
            except ConnectionClosed:
                return b""
            content = message.encode() if isinstance(message, str) else message
            channel, content = content[0], content[1:]
            if channel not in self._begun:
                self._begun.add(channel)
                content = content[2:]
            if not content:
                continue
            if channel == 0:
                return content
            raise TargetError(
                f"{self._title} cannot be reached",
                why=" ".join(content.decode("utf-8", "replace").split())[-200:],
                next_step=f"{self._look}    # which port does it listen on?",
            )


@asynccontextmanager
async def _joined(api: Api, path: str, call: Call, versions: Sequence[str]) -> AsyncIterator[ClientConnection]:
    """A web socket that speaks one of ``versions``."""
    from websockets.exceptions import ConnectionClosed  # noqa: PLC0415  (only where something is run)

    joined = await _connected(api, path, call, versions)
    try:
        yield joined
    except ConnectionClosed as exc:
        raise interrupted(f"the connection broke: {call}", why=str(exc), next_step="the same command again") from exc
    finally:
        # A server that closes at the same moment must be through with it before the loop may end.
        with anyio.move_on_after(2 * CLOSE_S, shield=True):
            await joined.close()
            await joined.wait_closed()


async def _connected(api: Api, path: str, call: Call, versions: Sequence[str]) -> ClientConnection:
    """Once more with a new login, where the old one is no longer taken.

    Its own time has run out where it raises TimeoutError: a deadline around it comes as a cancellation.
    """
    from websockets.exceptions import InvalidHandshake, InvalidStatus, NegotiationError, ProxyError  # noqa: PLC0415

    for renewed in (False, True):
        headers = await api.headers(call)
        try:
            return await _dialled(api, path, headers, versions)
        except InvalidStatus as exc:
            code = exc.response.status_code
            if code == 401 and not renewed and await api.renewed(headers):
                continue
            raise _refused(code, bytes(exc.response.body or b""), call, api) from exc
        except NegotiationError as exc:
            raise TargetError(
                f"the API server cannot {call} as we ask",
                why=f"it speaks none of {', '.join(versions)}; the fifth came with Kubernetes 1.30",
                next_step="kubectl version",
            ) from exc
        except (InvalidHandshake, ProxyError, *TRANSPORT) as exc:
            raise unreached(exc, api.access.place) from exc
    raise AssertionError("the second try returns or raises")


async def _dialled(api: Api, path: str, headers: dict[str, str], versions: Sequence[str]) -> ClientConnection:
    from websockets.asyncio.client import connect  # noqa: PLC0415
    from websockets.typing import Subprotocol  # noqa: PLC0415

    access = api.access
    options: dict[str, Any] = {}
    if access.place.server.startswith("https"):
        options["ssl"] = api.tls
        if access.server_name:
            options["server_hostname"] = access.server_name
    return await connect(
        f"ws{access.place.server.removeprefix('http')}{path}",
        additional_headers={**headers, "User-Agent": AGENT},
        subprotocols=[Subprotocol(version) for version in versions],
        user_agent_header=None,
        proxy=access.proxy or (None if access.local else True),
        compression=None,
        max_size=MESSAGE_BYTES,
        open_timeout=CONNECT_S,
        close_timeout=CLOSE_S,
        ping_timeout=ANSWER_S,
        **options,
    )


def _refused(code: int, content: bytes, call: Call, api: Api) -> OakumError:
    told = refused(code, status_of(content), call, api.access.place)
    if isinstance(told, Expired) or answered(told) == 400:
        where = f" -n {call.namespace}" if call.namespace else ""
        return TargetError(
            f"not possible: {call}",
            why=str(told) if isinstance(told, Expired) else told.why,
            next_step=f"kubectl describe pod{where} {call.name}",
        )
    return told
