"""docs/bench-zoo.md: what was said of each case, and how often that was right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Final

from bench.judge.table import markdown
from bench.zoo.figures import Figures, Row, figures
from bench.zoo.peers import Told
from lab.zoo.case import FIXED, LEAK
from lab.zoo.score import BROKEN, RIGHT, Said

MIB: Final = 1 << 20
NAMED: Final = {
    "python": "Python",
    "node": "Node.js",
    "jvm": "JVM",
    "go": "Go",
    "ruby": "Ruby",
    "native": "C and C++",
    "postgres": "PostgreSQL",
    "redis": "Redis",
}

HEAD: Final = """# How often Oakum names the leak

Written by `make bench-zoo`; change nothing by hand.

`lab/zoo/cases` holds small real services, each of its own make and in one file. A leak stands there in two variants,
the leaking one and one in which it is mended; others are healthy and look guilty. Each was started in a memory cgroup
of its own and got requests at a steady pace over kept connections; once it was warm, `oakum investigate` was run on it
as a command, while the requests went on. What an expert would answer was written down before."""

HEAD_OF: Final = """# How often Oakum names the leak of programs by other hands

Written by `make bench-zoo ARGS='--cases {folder}'`; change nothing by hand.

`{folder}` holds services by somebody who knew nothing of Oakum, each with a server of its own; [the leak
zoo](leak-zoo.md#programs-that-the-rules-had-not-seen) says when they were first run, and what was mended with them at
hand since. They were run as [those of the zoo](bench-zoo.md)."""

MEANING: Final = """\
- *cause*: the verdict is `leak`, and the first cause (*top 3*: one of the first three) is the expected one.
- *holder*: the verdict is `leak`, and the first cause names the very holder: class or module and field, function,
  application, key pattern.
- Of mended and healthy ones `healthy` is right, `cannot-tell` leaves it open, `suspect` is a weak false alarm, `leak`
  is a false leak.
- Where the answer was `suspect` or `cannot-tell` and said that a longer watch would settle it, one look followed, 2.5
  times as long, as the engineer on call would take it; then the second answer counts, and the time is that of both.
- *time*: from the command's start to its answer. *pause* and *bytes*: what Oakum's own evidence says that it cost the
  target, of all looks; memory that was copied while the target ran is bytes, and no pause."""

OVERALL: Final = ("", "aimed at", "measured")
BY_RUNTIME: Final = (
    "runtime",
    "told as leak",
    "cause",
    "cause in top 3",
    "holder",
    "mended: healthy",
    "look guilty: healthy",
    "false leaks",
    "weak alarms",
    "left open",
    "time s",
    "pause ms, median / most",
    "read MiB",
)
EACH: Final = (
    "case",
    "variant",
    "expected",
    "verdict",
    "named first",
    "so it is",
    "looks",
    "time s",
    "pause ms",
    "MiB",
)
PEER: Final = ("case", "tool", "its top line", "of the holder", "took s")


def page(
    facts: Sequence[tuple[str, str]],
    rows: Sequence[Row],
    told: Sequence[Told] = (),
    absent: Sequence[str] = (),
    *,
    head: str = HEAD,
) -> str:
    """``told``: what peers said. ``absent``: which peers could not be asked, and why. Neither: none was to be asked."""
    parts = [head, MEANING, markdown(("", ""), [list(row) for row in [*facts, *_runs(rows)]])]
    parts += ["## In all", markdown(OVERALL, _overall(figures(rows)))]
    parts += ["## By runtime", markdown(BY_RUNTIME, [_of_runtime(name, rows) for name in _runtimes(rows)])]
    parts += ["## What was wrong", "\n".join(_misses(rows)) or "Nothing."]
    parts += ["## What could not be run", "\n".join(_not_run(rows)) or "Nothing: all cases were."]
    if told or absent:
        parts += ["## Beside it", *_beside(told, absent)]
    parts += ["## Every case", markdown(EACH, [_each(row) for row in rows if row.ran]), _described(rows)]
    return "\n\n".join(parts) + "\n"


def _runs(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """When each was run: a page may be put together from runs of several days."""
    ran = [row.result for row in rows if row.result is not None and row.ran]
    if not ran:
        return
    begun, ended = (datetime.fromtimestamp(at(one.at_s for one in ran), UTC) for at in (min, max))
    loads = sorted(one.load for one in ran)
    yield "runs", f"{len(ran)}, between {begun:%Y-%m-%d %H:%M} and {ended:%Y-%m-%d %H:%M} UTC"
    yield "load during them", f"median {median(loads):.1f}, most {loads[-1]:.1f}"
    short = sum(one.got_per_s < 0.9 * one.wanted_per_s for one in ran)
    yield "pace", f"{short} of {len(ran)} got less than 90 % of the requests per second that they were to get"


def _overall(all_: Figures) -> list[list[str]]:
    return [
        ["leaks whose cause is named first", "≥ 90 %", _percent(all_.top1)],
        ["leaks whose cause is among the first three", "≥ 97 %", _percent(all_.top3)],
        ["leaks whose holder is named exactly", "≥ 85 %", _percent(all_.holder)],
        ["mended ones called healthy", "all", _percent(all_.fixed)],
        ["healthy ones that look guilty called healthy", "-", _percent(all_.guilty_looking)],
        ["leaks told of what is mended or healthy", "0", str(all_.false_leaks)],
        ["weak alarms there, and left open", "-", f"{all_.suspected} and {all_.left_open}"],
        ["median time to the answer, of leaks", "≤ 120 s", _number(all_.seconds, " s")],
        ["looked at twice", "-", str(all_.twice)],
    ]


def _of_runtime(name: str, rows: Sequence[Row]) -> list[str]:
    of = figures([row for row in rows if row.case.runtime == name])
    pause = "-" if of.pause_s is None else f"{1000 * of.pause_s[0]:.0f} / {1000 * of.pause_s[1]:.0f}"
    read = "-" if of.bytes_read is None else f"{of.bytes_read / MIB:.0f}"
    return [
        *(NAMED[name], str(of.found), str(of.top1), str(of.top3), str(of.holder), str(of.fixed)),
        *(str(of.guilty_looking), str(of.false_leaks), str(of.suspected), str(of.left_open)),
        *(_number(of.seconds), pause, read),
    ]


def _each(row: Row) -> list[str]:
    assert row.result is not None
    said = row.result.looks[-1]
    expected = " or ".join(row.case.causes) if row.variant == LEAK else "healthy"
    mended = "mended" if row.variant == FIXED else row.variant
    score = row.score
    outcome = f"{score.outcome}, another holder" if score.holder is False and score.top1 else score.outcome
    return [
        *(row.case.id, mended, expected, said.verdict, _first(said), outcome, str(len(row.result.looks))),
        *(f"{row.seconds:.0f}", f"{1000 * row.pause_s:.0f}", f"{row.bytes_read / MIB:.0f}"),
    ]


def _misses(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if not row.ran or (row.score.outcome == RIGHT and row.score.holder is not False):
            continue
        assert row.result is not None
        said = row.result.looks[-1]
        wanted = (
            f"expected: {' or '.join(row.case.causes)}, with {' and '.join(map(code, row.case.holder))}"
            if row.variant == LEAK
            else "expected: healthy"
        )
        why = f" Its first reason: {code(said.reasons[0])}." if said.reasons else ""
        mended = "mended" if row.variant == FIXED else row.variant
        yield f"- `{row.case.id}`, {mended} ({wanted}): said `{said.verdict}`, first {_first(said)}.{why}"


def _not_run(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if row.result is not None and not row.ran:
            why = row.result.trouble.splitlines()
            yield f"- `{row.case.id}`, {row.variant}: {code(why[-1] if why else BROKEN)}"
        elif row.result is not None and row.result.trouble:
            yield f"- `{row.case.id}`, {row.variant}, ended early: {code(row.result.trouble.splitlines()[0])}"

    left = dict.fromkeys(f"`{row.case.id}`" for row in rows if row.result is None)
    if left:
        yield f"- Not yet run by this Oakum: {', '.join(left)}."


def _beside(told: Sequence[Told], absent: Sequence[str]) -> Iterator[str]:
    yield (
        "The same leaking programs, after the same requests. memray runs the program itself from its start"
        " (`memray run --aggregate --trace-python-allocators`); its top line is the largest record of its leak report:"
        " where memory was allocated that was not given back. It knows no holder, so it is right where the function"
        " that makes what stays is among the frames of that line; it gives no verdict, and so none on mended programs."
        " The others read one dump, taken as the requests had been answered; theirs is right where the top line has the"
        " texts that are asked of Oakum's holder, but for the name of the file."
        " Oakum's own row there is `oakum heap analyze` on that dump alone."
    )
    if told:
        tools = sorted({one.tool for one in told})
        rows = [
            [tool, f"{sum(one.right for one in told if one.tool == tool)} of {_count(told, tool)}"] for tool in tools
        ]
        yield markdown(("tool", "right"), rows)
        yield markdown(
            PEER,
            [
                [one.case, one.tool, code(one.line), "right" if one.right else "no", f"{one.seconds:.0f}"]
                for one in told
            ],
        )
    yield "\n".join(f"- {line}" for line in absent) or "All of them ran."


def _count(told: Sequence[Told], tool: str) -> int:
    return sum(one.tool == tool for one in told)


def _described(rows: Sequence[Row]) -> str:
    says: Mapping[str, str] = {row.case.id: row.case.says for row in rows}
    return "\n".join(["What they are:", "", *(f"- `{name}`: {text}" for name, text in says.items())])


def _runtimes(rows: Sequence[Row]) -> list[str]:
    return [name for name in NAMED if any(row.case.runtime == name and row.ran for row in rows)]


def _first(said: Said) -> str:
    return f"{said.causes[0].cause}: {code(said.causes[0].holder)}" if said.causes else "nothing"


def code(text: str) -> str:
    """Names come from programs: nothing in them may be taken for the page's own marks."""
    plain = text.replace("`", "'").replace("|", "\\|").replace("\n", " ")
    return f"`{plain[:150]}`" if plain.strip() else "nothing"


def _percent(share: object) -> str:
    percent = getattr(share, "percent", None)
    return "not measured" if percent is None else f"{percent:.0f} % ({share})"


def _number(value: float | None, unit: str = "") -> str:
    return "-" if value is None else f"{value:.0f}{unit}"
