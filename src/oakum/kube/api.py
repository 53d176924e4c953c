"""Speaks HTTP with an API server: JSON in, JSON out. Typed models would fail whole on one odd object."""

from __future__ import annotations

import gc
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Self

import anyio
import httpx2
import orjson

from oakum.kube.config import Access
from oakum.kube.credentials import Credentials, tls
from oakum.kube.faults import Call, budgets, interrupted, no_json, refused, unreached
from oakum.kube.pace import Pace, PaceSettings
from oakum.model.cluster import Calls
from oakum.model.errors import CallerError, MachineError
from oakum.model.units import format_duration
from oakum.wire.again import BUSY, pause_s
from oakum.wire.faults import TRANSPORT
from oakum.wire.tls import load

CONNECT_S: Final = 10.0
ANSWER_S: Final = 60.0
AGENT: Final = "oakum"
TOO_MANY: Final = frozenset({429})

Parameters = Mapping[str, str | int]


class PatchKind(StrEnum):
    """How what is sent and what is there become one."""

    STRATEGIC = "application/strategic-merge-patch+json"
    """Lists of tables by their names, as the built-in kinds know them."""

    MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class _Patch:
    body: object
    kind: PatchKind


class Api:
    """One API server. Enter it before the first call; calls may run side by side."""

    def __init__(self, access: Access, settings: PaceSettings | None = None) -> None:
        self.access, self.calls = access, Calls()
        self._pace = Pace(settings or PaceSettings(), self.calls)
        self.tls = tls(access)
        self._credentials = Credentials(access, lambda certificate, key: load(self.tls, certificate, key))
        self._client = _client(access, self.tls)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, exc, trace)

    async def get(
        self,
        path: str,
        call: Call,
        parameters: Parameters | None = None,
        *,
        patient: bool = True,
        within_s: float | None = None,
    ) -> Any:
        """Decoded. Raises what ``faults`` tells. ``patient``: whether one that has no answer for now is asked again.

        ``within_s``: for the answer of each try, once it has its turn.
        """
        asked = self._asked("GET", path, call, parameters, patient=patient, within_s=within_s)
        return _decoded(await asked, call)

    async def post(self, path: str, call: Call, body: object) -> Any:
        """Asks a question: nothing is made by it, so it is asked again like a GET."""
        return _decoded(await self._asked("POST", path, call, None, body), call)

    async def create(self, path: str, call: Call, body: object, *, dry: bool) -> Any:
        """Writes. ``dry``: it is checked and not kept. Whoever asks says for which version of the object."""
        return _decoded(await self._asked("POST", path, call, _dry(dry), body), call)

    async def patch(self, path: str, call: Call, body: object, kind: PatchKind, *, dry: bool) -> Any:
        """Writes, as ``create``."""
        return _decoded(await self._asked("PATCH", path, call, _dry(dry), _Patch(body, kind)), call)

    async def delete(self, path: str, call: Call, body: object) -> None:
        """Writes, as ``create``. ``body``: says of which very object."""
        await self._asked("DELETE", path, call, None, body)

    async def text(self, path: str, call: Call, parameters: Parameters | None = None) -> bytes:
        return (await self._asked("GET", path, call, parameters)).content

    @asynccontextmanager
    async def lines(
        self, path: str, call: Call, parameters: Parameters, *, silent_s: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The answer's lines as they come. ``silent_s``: a server that says nothing for longer is gone."""
        headers = await self._turn(call)
        request = self._client.build_request(
            "GET",
            path,
            params=dict(parameters),
            headers=headers,
            timeout=httpx2.Timeout(silent_s, connect=CONNECT_S),
            extensions=self._extensions(),
        )
        try:
            response = await self._client.send(request, stream=True)
        except TRANSPORT as exc:
            raise unreached(exc, self.access.place) from exc
        self.calls.answers += 1
        try:
            if response.status_code != 200:
                told = refused(response.status_code, status_of(await response.aread()), call, self.access.place)
                if response.status_code == 401 and await self._credentials.renewed(headers):
                    # Whoever follows for hours outlives its login: the next try has a new one.
                    raise interrupted("the login has expired", why=str(told)) from None
                raise told from None
            yield _split(response)
        except TRANSPORT as exc:
            raise unreached(exc, self.access.place) from exc
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()

    async def headers(self, call: Call) -> dict[str, str]:
        """For who connects by itself (web sockets): a turn, and the header by which we are known."""
        return await self._turn(call)

    async def renewed(self, refused: Mapping[str, str]) -> bool:
        """Whether there is another header than the one that was ``refused``."""
        return await self._credentials.renewed(refused)

    async def _turn(self, call: Call) -> dict[str, str]:
        await self._pace.turn(call.key)
        self.calls.logins += 1
        try:
            return await self._credentials.headers()
        finally:
            self.calls.logins -= 1

    async def _asked(  # noqa: PLR0913  (how it is asked, and how long that may take)
        self,
        method: str,
        path: str,
        call: Call,
        parameters: Parameters | None,
        body: object = None,
        *,
        patient: bool = True,
        within_s: float | None = None,
    ) -> httpx2.Response:
        again = BUSY if patient else TOO_MANY
        renewed = False
        for tried in range(1, self._pace.settings.tries + 1):
            headers = await self._turn(call)
            try:
                with anyio.move_on_after(within_s) as waiting:
                    response = await self._sent(method, path, headers, parameters, body)
            except TRANSPORT as exc:
                # A connection that was kept open may have been closed at the other end meanwhile: once more, at once.
                if tried == 1 and isinstance(exc, httpx2.RemoteProtocolError | httpx2.ReadError | httpx2.WriteError):
                    continue
                raise unreached(exc, self.access.place) from exc
            if waiting.cancelled_caught:
                raise interrupted(f"no answer came in {format_duration(within_s or 0.0)}")
            self.calls.answers += 1
            code = response.status_code
            if code < 300:
                return response
            if code == 401 and not renewed:
                renewed = True
                if await self._credentials.renewed(headers):
                    continue
            status = status_of(response.content)
            wait_s = pause_s(response, tried) if code in again and not budgets(status) else None
            if wait_s is None or wait_s > self._pace.settings.longest_wait_s or tried == self._pace.settings.tries:
                raise refused(code, status, call, self.access.place)
            self.calls.refused += 1
            await anyio.sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    async def _sent(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        parameters: Parameters | None,
        body: object,
    ) -> httpx2.Response:
        kind = "application/json"
        if isinstance(body, _Patch):
            kind, body = body.kind.value, body.body
        content = orjson.dumps(body) if body is not None else None
        if content is not None:
            headers = {**headers, "Content-Type": kind}
        return await self._client.request(
            method, path, params=dict(parameters or {}), headers=headers, content=content, extensions=self._extensions()
        )

    def _extensions(self) -> dict[str, Any]:
        name = self.access.server_name
        return {"sni_hostname": name} if name else {}


def _client(access: Access, context: ssl.SSLContext) -> httpx2.AsyncClient:
    """Raises MachineError where a proxy needs a package that is missing, CallerError for an address that is none."""
    try:
        return httpx2.AsyncClient(
            base_url=access.place.server,
            verify=context,
            timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=32),
            headers={"User-Agent": AGENT, "Accept": "application/json"},
            proxy=access.proxy or None,
            # As client-go: the environment's proxies are for the world outside.
            trust_env=not access.local,
        )
    except ImportError as exc:
        raise MachineError(
            f"context {access.place.context} is not reached through a SOCKS proxy",
            why=f"{'its kubeconfig' if access.proxy else '$ALL_PROXY or $HTTPS_PROXY'} wants one, and the package"
            " socksio is missing",
            next_step="pip install socksio python-socks    # or an http:// proxy, or NO_PROXY=HOST",
        ) from exc
    except (ValueError, httpx2.InvalidURL) as exc:
        # Its own words would show the address, and with it a password.
        raise CallerError(
            f"the address of context {access.place.context} or of its proxy is none",
            why="the server, proxy-url, $HTTPS_PROXY or $ALL_PROXY cannot be understood",
            next_step="kubectl config view; env | grep -i proxy",
        ) from exc


async def _split(response: httpx2.Response) -> AsyncIterator[bytes]:
    """Whole lines; what is cut off at the end is left out."""
    parts: list[bytes] = []
    async for piece in response.aiter_bytes():
        first, *more = piece.split(b"\n")
        parts.append(first)
        for begin in more:
            line = b"".join(parts)
            parts = [begin]
            if line.strip():
                yield line


def _dry(dry: bool) -> Parameters | None:  # noqa: FBT001
    return {"dryRun": "All"} if dry else None


def _decoded(response: httpx2.Response, call: Call) -> Any:
    try:
        with uncollected():
            return orjson.loads(response.content)
    except ValueError as exc:
        raise no_json(call, str(exc)) from exc


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would go through a large answer many times: JSON makes none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def status_of(content: bytes) -> Mapping[str, Any]:
    """A ``Status``, or its words alone where it is no JSON."""
    try:
        told = orjson.loads(content)
    except ValueError:
        return {"message": content.decode("utf-8", "replace")}
    return told if isinstance(told, dict) else {}
