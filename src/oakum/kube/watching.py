"""A watch that outlives its connections: list, then changes from there on; where the thread is lost, list and compare.

Source: kubernetes.io/docs/reference/using-api/api-concepts (efficient detection of changes, bookmarks, 410 Gone).
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import anyio
import orjson

from oakum.kube.api import Api
from oakum.kube.decode.fields import table, text
from oakum.kube.faults import Expired, interrupted, refused, worth_another_try
from oakum.kube.listing import listed, oddness
from oakum.kube.resources import Resource
from oakum.model.cluster import ChangeKind, Listing, Seen
from oakum.model.cluster_node import Event
from oakum.model.cluster_pod import Pod
from oakum.model.errors import OakumError

T = TypeVar("T", Pod, Event)

SHORT_S: Final = 1.0
"""A connection that ends sooner than this and told nothing is no watch: it is tried again after a pause."""


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How patient a watch is."""

    lasts_s: int = 30
    """The server ends each connection after so long: who hears nothing for longer has lost it.

    A connection whose other end is gone says nothing at all, and neither does a cluster in which nothing happens: a
    bookmark comes once a minute, and no sooner than 2 s before the connection's end. client-go, on HTTP/2, pings after
    30 s of silence; a connection that is made anew costs two requests a minute.
    """

    grace_s: float = 15.0
    """But it may be late by so much: client-go waits as long for the answer to its ping."""

    first_wait_s: float = 0.2
    """Before the second try to reach a server; each next wait is twice as long."""

    longest_wait_s: float = 15.0
    """But no longer."""

    first_patience_s: float = 10.0
    """Before everything has been told once: a server that does not answer for so long is not there."""

    patience_s: float = 900.0
    """A server that does not answer for so long ends the watch."""

    relist_after: int = 4
    """So many connections in a row that brought nothing, and it lists again: a restored server may know other times."""


class Watching(Generic[T]):
    """One watch: all objects that were told, by uid, and the version that it goes on from."""

    def __init__(
        self,
        api: Api,
        resource: Resource,
        decode: Callable[[Mapping[str, Any]], T],
        *,
        namespace: str = "",
        selector: str = "",
        settings: WatchSettings | None = None,
    ) -> None:
        self._api, self._resource = api, resource
        self._decode: Callable[[Mapping[str, Any]], T] = decode
        self._namespace, self._selector = namespace, selector
        self._settings = settings or WatchSettings()
        self._known: dict[str, T] = {}
        self._version = ""
        self._failed = 0
        self._heard_s = time.monotonic()

    async def changes(self) -> AsyncGenerator[Seen[T], None]:
        """Without an end. Raises what refuses for good, and that there is no answer when patience is over."""
        first = True
        while True:
            try:
                if not self._version:
                    found = await listed(
                        self._api,
                        self._resource,
                        lambda body: [self._decode(body)],
                        namespace=self._namespace,
                        selector=self._selector,
                    )
                    self._heard()
                    for seen in self._compared(found, relisted=not first):
                        yield seen
                    if first:
                        first = False
                        yield Seen(ChangeKind.SYNCED, None)
                async for seen in self._followed():
                    yield seen
            except Expired:
                self._version = ""
            except OakumError as exc:
                told = self._settings
                patience_s = min(told.patience_s, told.first_patience_s) if first else told.patience_s
                if not worth_another_try(exc) or time.monotonic() - self._heard_s > patience_s:
                    raise
                self._api.calls.lost_s.setdefault(self._key, anyio.current_time())
                await self._wait()

    @property
    def _key(self) -> str:
        return self._resource.call("watch", self._namespace).key

    def _heard(self) -> None:
        self._failed, self._heard_s = 0, time.monotonic()
        self._api.calls.lost_s.pop(self._key, None)

    async def _wait(self) -> None:
        """Before the next try."""
        self._failed += 1
        if self._failed % self._settings.relist_after == 0:
            self._version = ""
        wait_s = self._settings.first_wait_s * 2.0 ** min(self._failed - 1, 20)
        await anyio.sleep(min(wait_s, self._settings.longest_wait_s))

    def _compared(self, found: Listing[T], *, relisted: bool) -> list[Seen[T]]:
        """What differs from what was told."""
        now = {item.uid: item for item in found.items}
        seen = [Seen(ChangeKind.GONE, item, relisted) for uid, item in self._known.items() if uid not in now]
        for uid, item in now.items():
            before = self._known.get(uid)
            if before is None:
                seen.append(Seen(ChangeKind.ADDED, item, relisted))
            elif before.version != item.version:
                seen.append(Seen(ChangeKind.CHANGED, item, relisted))
        self._known, self._version = now, found.version
        return seen

    async def _followed(self) -> AsyncGenerator[Seen[T], None]:
        """The changes of one connection."""
        resource, namespace = self._resource, self._namespace
        asked: dict[str, str | int] = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": self._settings.lasts_s,
        }
        if self._selector:
            asked["labelSelector"] = self._selector
        opened = self._api.lines(
            resource.path(namespace),
            resource.call("watch", namespace),
            asked,
            silent_s=self._settings.lasts_s + self._settings.grace_s,
        )
        begun_s, told = time.monotonic(), False
        async with opened as lines:
            self._api.calls.lost_s.pop(self._key, None)
            async for line in lines:
                told = True
                self._heard()
                seen = self._taken(line)
                if seen is not None:
                    yield seen
        if not told and time.monotonic() - begun_s < SHORT_S:
            raise interrupted("a watch ended before it told anything", why="what stands between ends it at once")

    def _taken(self, line: bytes) -> Seen[T] | None:
        """None: nothing that is new. Raises Expired, or what the server refuses with."""
        try:
            told = orjson.loads(line)
        except ValueError as exc:
            # The next connection goes on from the last version that was whole.
            raise interrupted("a watch was told what is no JSON", why=str(exc)) from exc
        kind, body = text(told, "type") if isinstance(told, dict) else "", table(told, "object")
        if kind == "ERROR":
            code = body.get("code")
            call = self._resource.call("watch", self._namespace)
            raise refused(code if isinstance(code, int) else 500, body, call, self._api.access.place)
        version = text(table(body, "metadata"), "resourceVersion")
        if version:
            self._version = version
        if kind == "BOOKMARK" or oddness(body):
            return None
        return self._noted(kind, self._decode(body))

    def _noted(self, kind: str, item: T) -> Seen[T] | None:
        before = self._known.get(item.uid)
        if kind == "DELETED":
            if before is None:
                return None
            del self._known[item.uid]
            return Seen(ChangeKind.GONE, item)
        if before is not None and before.version == item.version:
            return None
        self._known[item.uid] = item
        return Seen(ChangeKind.ADDED if before is None else ChangeKind.CHANGED, item)
