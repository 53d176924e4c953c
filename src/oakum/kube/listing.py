"""Whole lists, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from oakum.kube.api import Api, uncollected
from oakum.kube.decode.fields import table, text
from oakum.kube.faults import Expired, interrupted
from oakum.kube.resources import Resource
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Listing

T = TypeVar("T")

PAGE: Final = 500
"""Objects a page: what client-go asks for."""

AGAIN: Final = 3
"""So often a list is begun anew whose pages expired; then it is asked for in one piece."""


async def listed(
    api: Api,
    resource: Resource,
    decode: Callable[[Mapping[str, Any]], Iterable[T]],
    *,
    namespace: str = "",
    selector: str = "",
    fields: str = "",
) -> Listing[T]:
    """``decode``: to several objects where one holds several. ``fields``: a field selector."""
    asked: dict[str, str | int] = {}
    if selector:
        asked["labelSelector"] = selector
    if fields:
        asked["fieldSelector"] = fields
    for turn in range(AGAIN + 1):
        try:
            return await _pages(api, resource, decode, namespace, asked | ({"limit": PAGE} if turn < AGAIN else {}))
        except Expired:
            continue
    raise interrupted(
        f"{resource.plural} cannot be listed",
        why="the API server forgets each list before it was read to its end",
        next_step="kubectl get --raw /readyz?verbose",
    )


async def _pages(
    api: Api,
    resource: Resource,
    decode: Callable[[Mapping[str, Any]], Iterable[T]],
    namespace: str,
    asked: Mapping[str, str | int],
) -> Listing[T]:
    call, path = resource.call("list", namespace), resource.path(namespace)
    found: list[T] = []
    odd: list[Absent] = []
    more = ""
    while True:
        body = await api.get(path, call, {**asked, **({"continue": more} if more else {})})
        with uncollected():
            for each in _objects(body, resource, odd):
                found += decode(each)
        meta = table(body, "metadata")
        more = text(meta, "continue")
        if not more:
            return Listing(tuple(found), text(meta, "resourceVersion"), tuple(odd))


def _objects(body: object, resource: Resource, odd: list[Absent]) -> Iterator[Mapping[str, Any]]:
    items = body.get("items") if isinstance(body, Mapping) else None
    if items is not None and not isinstance(items, list):
        odd.append(Absent(resource.plural, AbsentKind.UNREADABLE, "what was listed is no list"))
        return
    for each in items or ():
        why = oddness(each, kept=resource.kept)
        if why:
            odd.append(Absent(f"one of the {resource.plural}", AbsentKind.UNREADABLE, why))
        else:
            yield each


def oddness(body: object, *, kept: bool = True) -> str:
    """Why it is no object that could be told from others, "" when it is one. ``kept``: as a resource has it."""
    meta = table(body, "metadata")
    if not text(meta, "name") or (kept and not text(meta, "uid")):
        return "it has no name or no uid"
    return ""
