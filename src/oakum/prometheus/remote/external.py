"""Labels that a server adds to what it sends elsewhere: its own API does not tell them, so they are taken off again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from oakum.model.metrics import LabelSet, Matcher, Samples, Selected

NAME = "__name__"


@dataclass(slots=True)
class Own:
    """What is known of the labels of a metric: its own, and those that are added."""

    names: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)

    def unknown(self, found: Iterable[Samples]) -> bool:
        """Whether there is one that was not seen until now."""
        return any(not (each.labels.keys() <= self.names | self.others) for each in found)

    def learn(self, names: Iterable[str], found: Iterable[Samples]) -> None:
        """``names``: those that the metric has, by the server's API."""
        self.names |= set(names)
        self.others |= {name for each in found for name in each.labels} - self.names

    def alone(self, found: Iterable[Samples]) -> tuple[Samples, ...]:
        """Without what was added."""
        return tuple(
            Samples({name: value for name, value in each.labels.items() if name in self.names}, each.at_s, each.value)
            for each in found
        )


def doubtful(selected: Selected, found: Sequence[Samples]) -> list[str]:
    """Labels that all of ``found`` have and that not all of the metric need have: each may be of them, or added."""
    demanded = {matcher.label for matcher in _whole(selected) if matcher.value == ""}
    common = set.intersection(*(set(each.labels) for each in found)) if found else set[str]()
    return sorted(common - demanded - {NAME})


def _whole(selected: Selected) -> tuple[Matcher, ...]:
    """What holds for all that will be asked of the metric, not for this part of it alone."""
    return tuple(matcher for matcher in selected.matchers if matcher.how == "!=")


def lacking(selected: Selected, labels: Iterable[str]) -> list[str]:
    """Selectors of the metric's series that lack one of ``labels``, as text."""
    whole = _whole(selected)
    return [str(Selected(selected.metric, (*whole, Matcher(name, "=", "")))) for name in labels]


def alone(metric: str, labels: LabelSet) -> Selected:
    """The series that have these labels, and perhaps more."""
    return Selected(metric, tuple(Matcher(name, "=", value) for name, value in labels.items() if name != NAME))


def added(labels: LabelSet, found: Iterable[Samples]) -> set[str]:
    """What was added to the series of ``labels``: it is among ``found``, and perhaps others that have more."""
    more = [each.labels.keys() - labels.keys() for each in found if labels.items() <= each.labels.items()]
    return set(min(more, key=len, default=()))
