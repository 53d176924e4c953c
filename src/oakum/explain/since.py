"""What has changed between two scans. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from oakum.model.kept_scan import Change, ChangeName, Standing
from oakum.model.series import latest
from oakum.model.verdict import SEVERITY, VerdictName

ORDER: Final = tuple(ChangeName)

LATE_S: Final = 600.0
"""A run that ended is told to have been killed so much later at most, in seconds: a scan may have come between."""

ACCUSED: Final = frozenset({VerdictName.SUSPECT, VerdictName.LEAK})


def changes(
    now: Sequence[Standing],
    then: Sequence[Standing],
    *,
    then_s: float,
    unread: Collection[str] = (),
    whole_now: bool = True,
    whole_then: bool = True,
) -> tuple[Change, ...]:
    """The worst first. Several series of one key (workers of one service) are one: the worst of them.

    ``then_s``: the end of what the earlier scan saw, UTC epoch seconds. ``unread``: keys that are there and could not
    be judged. What an unwhole scan did not read is neither gone nor new.
    """
    before, after = worst(then), worst(now)
    found: list[Change] = []
    for key, standing in after.items():
        found += _of(before.get(key), standing, then_s, whole_then=whole_then)
    if whole_now:
        found += [
            Change(ChangeName.GONE, standing, None)
            for key, standing in before.items()
            if key not in after and key not in unread
        ]
    return tuple(sorted(found, key=_place))


def fresh(now: Sequence[Standing], found: Sequence[Change]) -> frozenset[str]:
    """The ids of those that got worse, or are new and not healthy: with a key that did, each that is accused."""
    worse = {change.now.key for change in found if change.name.is_worse and change.now is not None}
    new = {change.now.key for change in found if change.name is ChangeName.APPEARED and change.now is not None}
    heads = worst(now)
    return frozenset(
        each.id
        for each in now
        if (each.key in worse and (each.verdict in ACCUSED or each.id == heads[each.key].id))
        or (each.key in new and each.verdict is not VerdictName.HEALTHY)
    )


def worst(standings: Sequence[Standing]) -> Mapping[str, Standing]:
    """One for each key, with the kills of all. Muted ones stand behind all others: somebody has judged them."""
    found: dict[str, Standing] = {}
    for each in standings:
        other = found.get(each.key)
        if other is None:
            found[each.key] = each
            continue
        head = each if _weight(each) > _weight(other) else other
        last_s = latest(each.last_kill_s, other.last_kill_s)
        found[each.key] = replace(head, kills=each.kills + other.kills, last_kill_s=last_s)
    return found


def _weight(standing: Standing) -> tuple[bool, int, float]:
    return not standing.muted, SEVERITY.index(standing.verdict), standing.rate_per_s or 0.0


def _of(was: Standing | None, now: Standing, then_s: float, *, whole_then: bool) -> Iterator[Change]:
    """Of what is muted now nothing is told but that it was killed."""
    if _killed(was, now, then_s, whole_then=whole_then):
        yield Change(ChangeName.KILLED, was, now)
    if now.muted:
        return
    if was is None:
        yield from _unknown(now, whole_then=whole_then)
        return
    name = _moved(was.verdict, now.verdict)
    if name is not None:
        yield Change(name, was, now)
    elif now.verdict in ACCUSED:
        pace = _pace(was, now)
        if pace is not None:
            yield Change(pace, was, now)


def _unknown(now: Standing, *, whole_then: bool) -> Iterator[Change]:
    """Of one that the earlier scan does not hold: what is accused is told, although it may not be new."""
    if now.verdict is VerdictName.LEAK:
        yield Change(ChangeName.NEW_LEAK, None, now)
    elif now.verdict is VerdictName.SUSPECT:
        yield Change(ChangeName.NEW_SUSPECT, None, now)
    elif whole_then:
        yield Change(ChangeName.APPEARED, None, now)


def _moved(was: VerdictName, now: VerdictName) -> ChangeName | None:
    if was is now:
        return None
    if now is VerdictName.LEAK:
        return ChangeName.BECAME_LEAK if was is VerdictName.SUSPECT else ChangeName.NEW_LEAK
    if was is VerdictName.LEAK:
        return ChangeName.ENDED if now is VerdictName.HEALTHY else ChangeName.UNSETTLED
    return ChangeName.NEW_SUSPECT if now is VerdictName.SUSPECT else None


def _pace(was: Standing, now: Standing) -> ChangeName | None:
    """Only where each rate lies outside of what the other scan held possible."""
    if was.unit != now.unit or was.rate_per_s is None or now.rate_per_s is None:
        return None
    if was.rate_interval is None or now.rate_interval is None:
        return None
    if now.rate_per_s > was.rate_interval[1] and was.rate_per_s < now.rate_interval[0]:
        return ChangeName.FASTER
    if now.rate_per_s < was.rate_interval[0] and was.rate_per_s > now.rate_interval[1]:
        return ChangeName.SLOWER
    return None


def _killed(was: Standing | None, now: Standing, then_s: float, *, whole_then: bool) -> bool:
    """By the time of the last kill; where nobody tells it, or it was just before then, by how many there were."""
    if now.last_kill_s is not None and now.last_kill_s > then_s:
        return True
    rose = (was is not None or whole_then) and now.kills > (0 if was is None else was.kills)
    return rose and (now.last_kill_s is None or now.last_kill_s > then_s - LATE_S)


def _place(change: Change) -> tuple[int, float, str]:
    return ORDER.index(change.name), -(change.standing.rate_per_s or 0.0), change.id
