"""Labels that a server adds to what it sends elsewhere: its own API does not tell them, so they are taken off again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from oakum.model.metrics import LabelSet, Matcher, Samples, Selected

NAME = "__name__"


def without(found: Iterable[Samples], own: Collection[str]) -> tuple[Samples, ...]:
    """``own``: the labels that the metric has."""
    return tuple(
        Samples({name: value for name, value in each.labels.items() if name in own}, each.at_s, each.value)
        for each in found
    )


def doubtful(selected: Selected, found: Sequence[Samples]) -> list[str]:
    """Labels that all of ``found`` have and that nobody asked for: each may be of the series, or added."""
    common = set.intersection(*(set(each.labels) for each in found)) if found else set[str]()
    return sorted(common - {matcher.label for matcher in selected.matchers if _demands(matcher)} - {NAME})


def _demands(matcher: Matcher) -> bool:
    """Whether a series without the label is not selected."""
    if matcher.how in {"=", "!="}:
        return (matcher.value == "") is (matcher.how == "!=")
    return (re.fullmatch(matcher.value, "") is None) is (matcher.how == "=~")


def lacking(selected: Selected, labels: Iterable[str]) -> list[str]:
    """Selectors of the series that lack one of ``labels``, as text."""
    return [str(Selected(selected.metric, (*selected.matchers, Matcher(name, "=", "")))) for name in labels]


def alone(metric: str, labels: LabelSet) -> Selected:
    """The series that have these labels, and perhaps more."""
    return Selected(metric, tuple(Matcher(name, "=", value) for name, value in labels.items() if name != NAME))


def added(labels: LabelSet, found: Iterable[Samples]) -> set[str]:
    """What was added to the series of ``labels``: it is among ``found``, and perhaps others that have more."""
    more = [each.labels.keys() - labels.keys() for each in found if labels.items() <= each.labels.items()]
    return set(min(more, key=len, default=()))
