"""Speaks HTTP with one server: asks no more at once than the budget allows, waits when told to, and counts."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx2

from oakum.model.cluster import Dial
from oakum.model.errors import CallerError, DataError, MachineError, SpentError, TooMuchError
from oakum.model.metrics import Asked, QueryBudget
from oakum.model.units import format_duration, format_size
from oakum.prometheus.access import Access
from oakum.prometheus.faults import no_api, no_stream, refused, unreached
from oakum.prometheus.pairs import decoded
from oakum.prometheus.remote.lines import EXPORT
from oakum.prometheus.remote.request import READ, Raw
from oakum.wire.again import BUSY, pause_s
from oakum.wire.carried import CarriedTransport
from oakum.wire.faults import TRANSPORT, is_alert, tls_fault
from oakum.wire.tls import load, refusal

CONNECT_S: Final = 10.0
ANSWER_S: Final = 120.0
"""Longer than servers let a query run (2 min is Prometheus' own bound), so that their words are heard."""

TRIES: Final = 4
LONGEST_WAIT_S: Final = 30.0
"""A server that wants to be left alone for longer is told of instead."""

LARGEST: Final = 64 << 20
"""Bytes of one answer, unpacked: what is larger is asked for in parts."""

PLAIN: Final = "identity"
"""Answers as they are, unless ``headers`` of the login ask for gzip: packing them is nine tenths of what a range query
costs a Prometheus (docs/bench-prometheus.md), and they are but a fourth as long then."""

POSTED: Final = frozenset({"/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels"})
"""What may be longer than an address: the label values of a batch. The rest knows GET only."""

Form = Mapping[str, str | Sequence[str]]


class Taker(Protocol):
    """What is fed with the body of an answer."""

    def feed(self, piece: bytes) -> None: ...

    def end(self) -> None: ...


Taking = TypeVar("Taking", bound=Taker)


class Api:
    """Enter it before the first call; calls may run side by side. ``dial``: opens connections, None: as usual."""

    def __init__(self, access: Access, budget: QueryBudget, dial: Dial | None = None) -> None:
        self.access, self.budget, self.asked = access, budget, Asked()
        self._tls = _tls(access)
        self._client = _client(access, dial, self._tls)
        self._dialled = dial is not None
        self._turns = anyio.CapacityLimiter(budget.at_once)
        self._until_s = time.monotonic() + budget.seconds
        self._gets = False

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, exc, trace)

    async def data(self, path: str, form: Form) -> Any:
        """``data`` of the answer. Raises what ``faults`` tells, TooMuchError and SpentError."""
        asked = f"{path} {form.get('query', '')}".strip()[:300]
        async with self._turns:
            code, content = await self._answered(lambda: self._sent(path, form), asked)
        if code >= 300:
            raise refused(code, content, asked, self.access)
        try:
            told = decoded(content)
        except ValueError as exc:
            if content.lstrip()[:1] in {b"{", b"["}:
                raise self._cut_off(asked, str(exc)) from exc
            raise no_api(content, self.access) from None
        if not isinstance(told, dict) or told.get("status") != "success":
            if isinstance(told, dict) and told.get("status") == "error":
                raise refused(422, content, asked, self.access)
            raise no_api(content, self.access)
        self._hear(told)
        return told.get("data")

    def _hear(self, told: Mapping[str, Any]) -> None:
        """What makes an answer less than whole."""
        warnings = told.get("warnings")
        for warning in warnings if isinstance(warnings, list) else []:
            self.asked.warnings[" ".join(str(warning).split())[:300]] = None
        if told.get("isPartial") is True or warnings:
            self.asked.partial = True

    async def raw(self, asked: Raw, answer: Callable[[], Taking]) -> Taking:
        """Samples as the server holds them. ``answer``: makes what takes them in as they come, anew for each try.

        Raises what ``faults`` tells, TooMuchError, SpentError, and DataError for what cannot be read.
        """
        taker = answer()

        async def send() -> tuple[httpx2.Response, bytes]:
            nonlocal taker
            taker = answer()
            return await self._streamed(asked, taker)

        async with self._turns:
            code, content = await self._answered(send, asked.path)
        if code >= 300:
            raise refused(code, content, asked.path, self.access)
        taker.end()
        self.asked.chunks += 1
        return taker

    async def _answered(
        self, send: Callable[[], Awaitable[tuple[httpx2.Response, bytes]]], asked: str
    ) -> tuple[int, bytes]:
        for tried in range(1, TRIES + 1):
            self._check()
            self.asked.requests += 1
            try:
                with anyio.move_on_after(max(0.0, self._until_s - time.monotonic())) as scope:
                    response, content = await send()
                if scope.cancelled_caught:
                    raise self._late()
            except TRANSPORT as exc:
                # A server that restarts, or a connection that was kept open and closed at the other end.
                if tried < TRIES and not isinstance(exc, httpx2.ConnectError | httpx2.ReadTimeout):
                    await anyio.sleep(0.1 * tried)
                    continue
                raise unreached(exc, self.access, await self._refusal(exc)) from exc
            code = response.status_code
            if code in {405, 501} and asked not in {READ, EXPORT} and not self._gets:
                self._gets = True
                continue
            wait_s = pause_s(response, tried) if code in BUSY else None
            if wait_s is None or wait_s > LONGEST_WAIT_S or tried == TRIES:
                return code, content
            if isinstance(refused(code, content, asked, self.access), TooMuchError):
                return code, content
            self.asked.refused += 1
            if time.monotonic() + wait_s > self._until_s:
                raise self._late(
                    f"{self.access.base} is busy for {format_duration(wait_s)}, and the budget ends before"
                )
            await anyio.sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    async def _refusal(self, exc: Exception) -> Exception:
        """What the server says of a connection that it broke, where that was not heard."""
        at = urlsplit(self.access.base)
        heard = is_alert(tls_fault(exc)) or isinstance(exc, httpx2.TimeoutException | httpx2.ConnectError)
        if heard or self._dialled or at.scheme != "https":
            return exc
        said = await refusal(at.hostname or "", at.port or 443, self._tls)
        return exc if said is None or not is_alert(tls_fault(said)) else said

    async def _sent(self, path: str, form: Form) -> tuple[httpx2.Response, bytes]:
        given = {name: value if isinstance(value, str) else list(value) for name, value in form.items()}
        method = "POST" if path in POSTED and not self._gets else "GET"
        way: dict[str, Any] = {"data": given} if method == "POST" else {"params": given}
        headers = self.access.sent()
        async with self._client.stream(method, self.access.base + path, headers=headers, **way) as response:
            return response, await self._whole(response)

    async def _streamed(self, asked: Raw, taker: Taker) -> tuple[httpx2.Response, bytes]:
        headers = {**self.access.sent(), **asked.headers}
        address = self.access.base + asked.path
        async with self._client.stream("POST", address, headers=headers, content=asked.body) as response:
            if response.status_code >= 300:
                return response, await self._whole(response)
            kind = response.headers.get("Content-Type", "")
            if not kind.startswith(asked.kind):
                raise no_stream(kind, self.access)
            async for piece in self._pieces(response):
                taker.feed(piece)
        return response, b""

    async def _whole(self, response: httpx2.Response) -> bytes:
        content = bytearray()
        async for piece in self._pieces(response):
            content += piece
            if len(content) > LARGEST:
                raise TooMuchError(
                    f"an answer of {self.access.base} is larger than {format_size(LARGEST)}",
                    why="it is held whole until it is read, and no more is held",
                    next_step="ask for less: --window 6h, or --namespace",
                )
        return bytes(content)

    async def _pieces(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        """As they come, counted. Raises SpentError."""
        self.asked.ahead_s = _ahead_s(response)
        seen = 0
        async for piece in response.aiter_bytes():
            self.asked.bytes += response.num_bytes_downloaded - seen
            seen = response.num_bytes_downloaded
            yield piece
            self._check()

    def _check(self) -> None:
        if time.monotonic() > self._until_s:
            raise self._late()
        if self.asked.bytes > self.budget.most_bytes:
            raise SpentError(
                f"{self.access.base} has sent {format_size(self.asked.bytes)}",
                why="the budget is less",
                next_step="--max-bytes 8GiB, or ask for less: --window 6h, or --namespace",
            )

    def _late(self, what: str = "") -> SpentError:
        return SpentError(
            what or f"{format_duration(self.budget.seconds)} of asking {self.access.base} are over",
            why=f"the budget is {format_duration(self.budget.seconds)}" if what else "that is the budget",
            next_step="--budget 30min, or ask for less: --window 6h, or --namespace",
        )

    def _cut_off(self, asked: str, why: str) -> DataError:
        return DataError(
            f"an answer of {self.access.base} is no whole JSON",
            why=f"{asked}: {why}",
            next_step="the same command again",
        )


def _ahead_s(response: httpx2.Response) -> float | None:
    """How far the server's clock is ahead of ours, in seconds; it tells whole ones."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
    except (KeyError, ValueError):
        return None


def _tls(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=access.authority or None)
        if access.certificate:
            load(context, access.certificate, access.key)
    except (ssl.SSLError, ValueError, OSError) as exc:
        raise MachineError(
            f"the certificates for {access.base} cannot be used",
            why=" ".join(str(exc).split()),
            next_step="openssl x509 -noout -subject -in FILE",
        ) from exc
    return context


def _client(access: Access, dial: Dial | None, context: ssl.SSLContext) -> httpx2.AsyncClient:
    try:
        return httpx2.AsyncClient(
            verify=context,
            transport=None if dial is None else CarriedTransport(context, dial),
            timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S),
            headers={"User-Agent": "oakum", "Accept": "application/json", "Accept-Encoding": PLAIN},
            # The environment's proxies are for the world outside.
            trust_env=not access.local,
        )
    except (ValueError, ImportError, httpx2.InvalidURL) as exc:
        raise CallerError(
            "the proxy for the Prometheus server cannot be used",
            why="$HTTPS_PROXY, $HTTP_PROXY or $ALL_PROXY is no address, or needs a package that is missing",
            next_step="env | grep -i proxy",
        ) from exc
