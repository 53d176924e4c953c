"""One section: all that is told of one source of series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.judge.replay import Outcome
from bench.judge.report import tables, targets
from bench.judge.report.disagreements import arguable, as_csv, wrong
from bench.judge.report.plots import FIRST, plots
from bench.judge.table import markdown

FOLDER = "bench-judge"
VMS = "huawei_precog_digitised"


@dataclass(frozen=True, slots=True)
class Source:
    """``sets``: (title, part) in the order of the tables. ``drawn``: the one that the plots show."""

    key: str
    title: str
    about: str
    sets: tuple[tuple[str, str], ...]
    drawn: tuple[str, str]

    def of(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        parts = {part for _, part in self.sets}
        return [one for one in outcomes if one.part in parts]


SOURCES = (
    Source(
        "generated",
        "Generated series",
        "Leaks on healthy models, both from fixed seeds. The judge was tuned on `tune` alone; `held` has other"
        " seeds and four families of its own.",
        (("held", "held"), ("tune", "tune")),
        ("held", "held"),
    ),
    Source(
        "lab",
        "Programs recorded by our lab",
        "Real processes in memory cgroups, watched by Oakum itself for 3 to 12 minutes. Below ten minutes of history"
        " without a kill a climb is at most suspected, by design: the last column of the second table counts those.",
        (("all", "lab"),),
        ("all", "lab"),
    ),
    Source(
        "real",
        "Real series",
        "Series recorded by others in production, as they are (all were seen while developing), and the healthy ones"
        " with leaks grafted on; series whose grafts are `held` carry no graft in `tune`.",
        (("as recorded", "real"), ("grafts, held", "held-graft"), ("grafts, tune", "tune-graft")),
        ("grafts, held", "held-graft"),
    ),
)


@dataclass(frozen=True, slots=True)
class Section:
    """``files``: texts by their name in the folder of plots."""

    key: str
    text: str
    files: Mapping[str, str]


def section(
    source: Source, outcomes: Sequence[Outcome], facts: Sequence[tuple[str, str]], reasons: Mapping[str, str]
) -> Section:
    """``facts``: rows on the run. ``reasons``: what Oakum said, by the name of the series, where it was asked."""
    own = source.of(outcomes)
    names = list(dict.fromkeys(one.detector for one in own))
    by_part = {
        part: {name: [one for one in own if one.part == part and one.detector == name] for name in names}
        for _, part in source.sets
    }
    everything = {name: [one for one in own if one.detector == name] for name in names}
    title, part = source.drawn
    drawn = plots(by_part[part], f"{source.title.lower()}, {title}")
    files = {f"{source.key}-{name}.svg": text for name, text in drawn.items()}
    listed = f"{source.key}-disagreements.csv"
    files[listed] = as_csv(everything, lambda one: reasons.get(one.name, ""))
    parts = [f"## {source.title}", source.about, markdown(("", ""), [list(fact) for fact in facts])]
    for title, part in source.sets:
        if any(by_part[part].values()):
            parts += _set(title, part, by_part[part])
    parts += ["### Plots", *(_picture(name) for name in files if name.endswith(".svg"))]
    parts += ["### Disagreements", _listed(everything[FIRST], listed), _doubted(everything)]
    return Section(source.key, "\n\n".join(part for part in parts if part), files)


def _set(title: str, part: str, outcomes: tables.ByDetector) -> list[str]:
    own = outcomes[FIRST]
    leaks, fast = sum(one.leaks for one in own), sum(one.leaks and one.fast for one in own)
    days = sum(one.healthy_days for one in own)
    told = (
        f"{len(own)} series: {len(own) - leaks} healthy, {leaks} leaking, {fast} of them by 15 % of the limit or more"
        f" within the window; {days:,.0f} healthy container-days. Brackets: 95 % of bootstrap draws over series."
    )
    parts = [f"### {title}: {len(own)} series", told, tables.overall(outcomes)]
    if part == "lab":
        return [*parts, _each(own), *_titled("Patterns", tables.patterns(own))]
    if part == "real":
        vms = [one for one in own if one.family == VMS]
        parts += _titled("Targets", targets.machines(vms) if vms else "")
        parts += _titled("Virtual machines alone", _narrowed(outcomes, VMS) if vms else "")
    else:
        parts += _titled("Targets", targets.grafted(own))
    parts += _titled("Leaks by kind", tables.kinds(outcomes))
    parts += _titled("Healthy series: false episodes per 1,000 days", tables.families(outcomes))
    parts += _titled("Patterns", tables.patterns(own))
    parts += _titled("Forecasts: time to the limit", tables.forecasts(outcomes))
    parts += _titled("Reliability", tables.trust(own))
    return parts


def _narrowed(outcomes: tables.ByDetector, family: str) -> str:
    return tables.overall({name: [one for one in many if one.family == family] for name, many in outcomes.items()})


def _each(outcomes: Sequence[Outcome]) -> str:
    """One row per trace: there are few."""
    rows = [
        [
            one.name.removeprefix("lab/"),
            one.family,
            "leak" if one.leaks else "healthy",
            "yes" if one.found else f"{one.early} false" if one.early else "no",
            f"{one.alarmed_s / 60:.1f} min" if np.isfinite(one.alarmed_s) else "–",
            one.pattern or "–",
            "yes" if one.suspected else "no",
        ]
        for one in outcomes
    ]
    head = ("trace", "program", "label", "said leak", "first alarm after", "pattern at the end", "suspected or more")
    return markdown(head, rows)


def _titled(title: str, text: str) -> list[str]:
    return [f"#### {title}", text] if text else []


def _picture(name: str) -> str:
    return f"![{name.removesuffix('.svg').replace('-', ' ')}]({FOLDER}/{name})"


def _doubted(outcomes: tables.ByDetector) -> str:
    """Labels that we doubt, whatever Oakum said of them, and the score without them."""
    known = {name: why for name, why in arguable().items() if any(one.name == name for one in outcomes[FIRST])}
    if not known:
        return ""
    rows = []
    for one in outcomes[FIRST]:
        if one.name in known:
            agrees = "no" if wrong(one) else "yes"
            rows.append([one.name.removeprefix("real/"), "leak" if one.leaks else "healthy", agrees, known[one.name]])
    rest = {
        name: [one for one in many if one.part == "real" and one.name not in known] for name, many in outcomes.items()
    }
    return "\n\n".join(
        [
            "Labels that we doubt; no method knows this list, and all figures above count them as they are.",
            markdown(("series", "label", "Oakum agrees with it", "doubted because"), rows),
            "The series as recorded without these:",
            tables.overall(rest),
        ]
    )


def _listed(outcomes: Sequence[Outcome], name: str) -> str:
    missed = sum(one.leaks and not one.found for one in outcomes)
    false = sum(one.early > 0 for one in outcomes)
    both = sum(wrong(one) for one in outcomes)
    return (
        f"On {both} of {len(outcomes)} series Oakum and the label differ"
        f" ({missed} leaks missed, false alarms on {false});"
        f" they are listed with what each said in [{name}]({FOLDER}/{name})."
    )
