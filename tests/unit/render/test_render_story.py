"""The story on every face: the paragraph, the claims with their evidence, Markdown that nothing breaks out of."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from examples_render import healthy, hostile, leak
from rich.console import Console

from oakum import render
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cause import CauseName
from oakum.model.growth import PathStep
from oakum.model.story import Accounted, Claim, Story
from oakum.render.markdown import fenced


def told(found):
    ids = tuple(row.id for row in found.evidence)
    first = ids[:1]
    story = Story(
        first,
        (Claim("The cause is unbounded-cache, prices.", ids[-1:]), Claim("To do: bound it.", first)),
        (Claim("it held more", ids[-1:]),),
        (Claim("a bound may come", first),),
        ("a longer watch: --for 10m",),
    )
    return replace(found, story=story, accounted=Accounted(100.0, 75.0))


def printed(found):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render.investigation_view(found))
    return console.export_text()


def test_the_paragraph_comes_after_the_headline_and_claims_name_their_evidence():
    found = told(leak())
    text = printed(found)
    lines = text.split("\n")
    assert lines[1].startswith("The cause is unbounded-cache, prices. To do: bound it.")
    assert f"it held more  [{found.evidence[-1].id}]" in text
    assert f"[{found.evidence[0].id}] {found.evidence[0].title}" in text
    assert "not explained: 25 %" in text


def test_where_nothing_is_explained_that_is_said_and_no_rate_of_nothing():
    text = printed(replace(told(leak()), accounted=Accounted(2.0**20, 0.0)))
    assert "explained: nothing of +1.00 MiB/s" in text
    assert "+0 B/day" not in text


def test_what_nothing_would_get_points_nowhere():
    found = replace(leak(), absent=(Absent("its source", AbsentKind.UNREADABLE, "it ended", ""),))
    line = next(line for line in printed(found).split("\n") if "its source" in line)
    assert line.rstrip().endswith("it ended")


def test_json_tells_one_text_and_each_claim_with_its_ids():
    story = render.investigation_to_json(told(leak()))["story"]
    assert story["text"] == ". ".join(
        [story["claims"][0]["text"], "The cause is unbounded-cache, prices. To do: bound it."]
    )
    assert all(claim["evidence"] for claim in (*story["claims"], *story["proof"], *story["against"]))
    assert story["next"] == ["a longer watch: --for 10m"]
    assert render.investigation_to_json(leak())["story"] is None


def test_json_tells_what_is_explained():
    explained = render.investigation_to_json(told(leak()))["explained"]
    assert explained == {
        "rate_bytes_per_s": 100.0,
        "explained_bytes_per_s": 75.0,
        "unexplained_bytes_per_s": 25.0,
        "share": 0.75,
    }


@pytest.mark.parametrize(
    "found", [told(leak()), leak(), healthy(), told(hostile())], ids=["told", "bare", "calm", "odd"]
)
def test_links_lead_to_evidence_that_stands_below(found):
    page, text = render.investigation_html(found), render.investigation_markdown(found)
    anchors = set(re.findall(r'id="(e-[^"]*)"', page))
    assert set(re.findall(r'href="#(e-[^"]*)"', page)) <= anchors
    below = set(re.findall(r'<a id="(e-[^"]*)"></a>', text))
    assert set(re.findall(r"\]\(#(e-[^)]*)\)", text)) <= below
    assert len(below) == len(found.evidence)


def test_markdown_holds_the_story_the_fix_and_the_steps():
    text = render.investigation_markdown(told(leak()))
    assert text.startswith("# ▲ ")
    for title in ("## Why", "## What speaks against it", "## Next to fetch", "## What to do now", "## Evidence"):
        assert f"\n{title}\n" in text
    assert "Before:\n\n```" in text


def test_names_of_targets_are_no_markup():
    text = render.investigation_markdown(hostile())
    prose = (
        re.sub(r"`[^`\n]*`", "", re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text)).replace("<a id=", "").replace("</a>", "")
    )
    assert not re.search(r"(?<!\\)<(?!/?a)", prose)


def test_a_fence_is_longer_than_any_within():
    lines = list(fenced("a\n````\nb"))
    assert lines[0] == lines[-1] == "`````"


def other_reading(found):
    first = found.causes[0]
    other = replace(
        first,
        name=CauseName.SESSION_STATE,
        confidence=0.41,
        why=("its names speak of who comes",),
        against=("unbounded-cache fits better",),
        instead_of=first.name,
    )
    return replace(found, causes=(first, other, *found.causes[1:]))


def test_another_reading_of_a_holder_is_one_line_in_a_terminal_and_in_markdown():
    plain, both = told(leak()), other_reading(told(leak()))
    line = "or session-state (41 %): its names speak of who comes"
    assert line in printed(both)
    assert len(printed(both).split("\n")) == len(printed(plain).split("\n")) + 1
    assert line.capitalize() in render.investigation_markdown(both)
    assert render.investigation_markdown(both).count("## ") == render.investigation_markdown(plain).count("## ")


def test_json_says_which_cause_it_is_another_reading_of():
    first, other, *_ = render.investigation_to_json(other_reading(told(leak())))["causes"]
    assert (first["instead_of"], other["instead_of"]) == (None, first["cause"])
    assert "another reading of the same holder" in render.investigation_html(other_reading(told(leak())))


def narrow(found, columns=60):
    console = Console(width=columns, file=io.StringIO())
    console.print(render.investigation_view(found), crop=False)
    return console.file.getvalue()


def test_folded_lines_stand_below_their_text_and_commands_stay_whole():
    long = replace(told(leak()), absent=(Absent("its source " * 8, AbsentKind.UNREADABLE, "it ended", ""),))
    lines = narrow(long).split("\n")
    first = next(at for at, line in enumerate(lines) if line.startswith("  · its source"))
    assert lines[first + 1].startswith("    its source")
    commands = [step.command for step in long.plan.steps if step.command]
    assert commands
    assert all(f"     $ {command}" in narrow(long, 24) for command in commands)


def test_of_a_long_way_to_a_holder_the_ends_are_shown():
    found = told(leak())
    first = found.growth.holders[0]
    steps = tuple(PathStep(f"Node{number}", f".next{number}") for number in range(20))
    text = printed(replace(found, growth=replace(found.growth, holders=(replace(first, path=steps),))))
    assert "Node1\n" in text
    assert "… 11 more steps" in text
    assert "Node12\n" not in text
    assert "Node19\n" in text
    page = render.investigation_html(
        replace(found, growth=replace(found.growth, holders=(replace(first, path=steps),)))
    )
    assert "… 11 more steps" in page
    assert "Node12<" not in page


def test_the_fix_and_what_would_settle_it_are_told_once():
    found = told(leak())
    advice = found.causes[0].advice
    fixing = replace(found.plan.steps[0], effect=advice)
    found = replace(found, plan=replace(found.plan, steps=(fixing,)), verdict=replace(found.verdict, settles="longer"))
    text = printed(found)
    assert text.count(advice) == 1
    assert "what would settle it" not in text
    assert "what would settle it" in printed(replace(found, story=None))


def test_where_all_is_explained_nothing_is_left():
    assert "not explained" not in printed(replace(told(leak()), accounted=Accounted(100.0, 99.9)))
