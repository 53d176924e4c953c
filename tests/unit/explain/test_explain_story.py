"""The story: each claim with its evidence, what is left said, and on bad evidence a weaker answer with a next step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from examples_explain import MIB, PLACE, growth, holder, series

from oakum.explain import explain, told
from oakum.explain.doubts import doubts
from oakum.explain.story import linked
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cause import CauseName, CodePlace
from oakum.model.evidence import Evidence
from oakum.model.growth import Bound
from oakum.model.layout import Chunked, Layout, LayoutGrowth, MappingKind, ObjectKind
from oakum.model.policy import Policy
from oakum.model.series import Series, WorkloadSeries
from oakum.model.verdict import Forecast, Pattern, VerdictName

EVIDENCE = tuple(
    Evidence(name, f"what {name} told", "here", 0.0) for name in ("runtime", "capture", "growth", "series")
)
SOURCE = {"/srv/shop/cart.py": "_seen = {}\n\ndef put(key, value):\n    _seen[key] = value\n"}


def investigation(found, verdict=None, **changes):
    curve = WorkloadSeries("pid/1", (Series(np.arange(20.0), np.linspace(1e8, 1.2e8, 20)),))
    answer = explain("pid/1", verdict or series(), found, sources=SOURCE, policy=Policy())
    return told(
        Investigation(
            target="pid/1",
            generated_at_s=0.0,
            verdict=answer.verdict,
            series_verdict=verdict or series(),
            series=curve,
            runtime="cpython 3.12",
            growth=found,
            causes=answer.causes,
            plan=answer.plan,
            accounted=answer.accounted,
            **({"evidence": EVIDENCE} | changes),
        )
    )


def text_of(found):
    return " ".join(claim.text for claim in found.story.told)


SITUATIONS = {
    "leak": lambda: investigation(growth(holder())),
    "no heap": lambda: investigation(None),
    "healthy": lambda: investigation(None, series(VerdictName.HEALTHY, Pattern.FLAT, 0.0, settles="")),
    "cannot tell": lambda: investigation(None, series(VerdictName.CANNOT_TELL, None, None)),
    "two holders": lambda: investigation(growth(holder(), holder(name="shop.other", bytes_after=12 * MIB))),
}


@pytest.mark.parametrize("made", SITUATIONS.values(), ids=SITUATIONS)
def test_no_claim_stands_without_evidence_that_is_there(made):
    found = made()
    ids = {row.id for row in found.evidence}
    claims = (*found.story.told, *found.story.proof, *found.story.against)
    assert found.story.told
    assert set(found.story.lead) <= ids
    for claim in claims:
        assert claim.evidence, claim
        assert set(claim.evidence) <= ids


def test_a_leak_is_told_by_holder_code_share_and_what_to_do():
    text = text_of(investigation(growth(holder())))
    assert "unbounded-cache, shop.cart._seen" in text
    assert "100 % of the growth" in text
    assert "/srv/shop/cart.py:4 in put" in text
    assert "To do: Give it a bound" in text
    assert "keep the evidence" in text


def test_what_is_not_explained_is_said():
    text = text_of(investigation(growth(holder(bytes_after=14 * MIB))))
    assert "60 % of the growth" in text
    assert "is not explained by any cause" in text


def test_reasons_rest_on_the_captures_and_those_of_the_curve_on_the_curve():
    found = investigation(growth(holder()))
    rests = {claim.text: claim.evidence for claim in found.story.proof}
    assert rests["it climbs"] == ("series",)
    assert all("growth" in ids for text, ids in rests.items() if "gained" in text)


def test_without_a_heap_it_says_so_and_names_what_to_fetch():
    missing = Absent("what the heap holds", AbsentKind.NOT_YET, "only one capture could be taken", "investigate again")
    other = Absent("PSS", AbsentKind.UNREADABLE, "another user", "sudo oakum investigate pid/1")
    found = investigation(None, series(settles=""), absent=(other, missing))
    assert "What holds it is not known." in text_of(found)
    assert found.story.next[0] == "what the heap holds: investigate again"


def test_a_healthy_one_has_nothing_open():
    found = SITUATIONS["healthy"]()
    assert found.story.next == ()
    assert "cause is" not in text_of(found)


def test_no_metrics_from_before_are_named_as_what_to_fetch():
    why = "no Prometheus is named that may have kept it"
    missing = Absent("its memory before this look", AbsentKind.NOT_YET, why, "--prometheus URL")
    found = investigation(None, series(settles="longer"), absent=(missing,))
    assert found.story.next == ("longer", "its memory before this look: --prometheus URL")


def test_two_that_explain_as_much_are_a_conflict_that_is_shown():
    found = investigation(growth(holder(), holder(name="shop.twin")))
    assert any("accounts for as much" in claim.text for claim in found.story.against)


def test_evidence_is_found_by_its_name_or_its_kind():
    rows = (Evidence("capture", "", "", 0.0), Evidence("capture-2", "", "", 0.0))
    assert linked(("capture-2",), rows, ("x",)) == ("capture-2",)
    assert linked(("capture",), rows[1:], ("x",)) == ("capture-2",)
    assert linked(("dump",), rows, ("x",)) == ("x",)


SURE = investigation(growth(holder())).causes[0].confidence
JS = {"owner_type": "e", "attribute": "t", "name": "e.t"}
BAD = {
    "a curve that the captures contradict": (growth(holder(bytes_after=60 * MIB)), "disagree", "--for 10m"),
    "a heap that shrank": (
        replace(growth(holder()), heap_bytes_after=2 * MIB),
        "others gave up",
        "further apart",
    ),
    "a dump that was cut off": (
        replace(growth(holder()), warnings=("the second file is truncated",)),
        "cut off",
        "oakum heap capture",
    ),
    "minified JavaScript": (replace(growth(holder(**JS)), language="JavaScript"), "minified", "source map"),
    "a minified file": (
        replace(growth(holder(defined=CodePlace("/srv/app.min.js", 1, "put"))), language="JavaScript"),
        "minified",
        "source map",
    ),
    "obfuscated Java": (
        replace(growth(holder(name="a.b.c", owner_type="a.b.c")), language="Java"),
        "obfuscated",
        "mapping.txt",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_evidence_weakens_the_answer_and_names_what_to_fetch(bad):
    grown, why, wanted = bad
    found = investigation(grown)
    good = investigation(growth(holder())).causes[0]
    assert found.causes[0].confidence < good.confidence
    assert any(why in text for text in found.causes[0].against)
    assert any(wanted in text for text in found.story.next)
    assert any(why in claim.text for claim in found.story.against)


@pytest.mark.parametrize(
    "names",
    [
        {"owner_type": "Cart", "attribute": "t"},
        {"owner_type": "e", "attribute": "entries"},
        {"owner_type": "", "attribute": "entries"},
        {"owner_type": "", "attribute": "12"},
    ],
)
def test_a_short_name_beside_a_long_one_is_not_minified(names):
    found = investigation(replace(growth(holder(**names)), language="JavaScript"))
    assert not any("minified" in text for text in found.causes[0].against)


@pytest.mark.parametrize("name", ["shop.Cart", "com.acme.Db", "io.x.Registry", "Registry"])
def test_short_packages_are_not_obfuscated(name):
    found = investigation(replace(growth(holder(name=name, owner_type=name)), language="Java"))
    assert not any("obfuscated" in text for text in found.causes[0].against)


def test_a_program_without_symbols_is_less_sure_of_its_classes():
    def look(count, at_s):
        size = count * 1024
        kinds = {MappingKind.HEAP: _use(size)}
        layout = Layout(at_s, kinds, 1, 0, 0, 0, (), (), "glibc")
        objects = (ObjectKind(0x5000, "server + 0x1c0a8", count, size),)
        return layout, Chunked(count, size, 0, 0, 0, 0, (), objects)

    (before, chunks), (after, chunks_after) = look(1000, 0.0), look(20_000, 10.0)
    layout = LayoutGrowth(1, before, after, 10.0, chunks, chunks_after)
    answer = explain("pid/1", series(), None, sources={}, policy=Policy(), layout=layout)
    assert any("stripped" in text and "dbgsym" in text for text in answer.causes[0].against)


def _use(size):
    from oakum.model.layout import KindUse  # noqa: PLC0415

    return KindUse(size, 1, size)


def test_good_evidence_has_no_doubts():
    found = growth(holder())
    cause = investigation(found).causes[0]
    assert list(doubts(cause, found, None, series())) == []
    assert PLACE.file.endswith(".py")


def test_a_reading_that_is_nearly_as_sure_is_told_and_one_that_is_not_is_none():
    found = investigation(growth(holder()))
    first = found.causes[0]
    for confidence, said in ((0.8 * first.confidence, True), (0.6 * first.confidence, False)):
        other = replace(first, name=CauseName.SESSION_STATE, confidence=confidence, instead_of=first.name)
        text = text_of(told(replace(found, causes=(first, other))))
        assert ("It may be session-state" in text) is said
        assert "accounts for as much of the growth" not in text


def test_another_reading_of_a_holder_is_neither_proof_nor_doubt():
    found = investigation(
        growth(holder(attribute="accounts", name="shop.accounts"), holder(name="shop.b", bytes_after=15 * MIB))
    )
    others = [cause for cause in found.causes if cause.instead_of is not None]
    told = " ".join(claim.text for claim in (*found.story.proof, *found.story.against))
    assert others
    assert "fits better" not in told
    assert not any(f"{other.holder}: {why}" in told for other in others for why in other.why)
    assert "shop.b: it held" in told


def test_two_holders_that_gain_nearly_as_much_are_both_named():
    text = text_of(investigation(growth(holder(bytes_after=15 * MIB), holder(name="shop.b", bytes_after=14 * MIB))))
    assert "The causes are unbounded-cache, shop.cart._seen: 50 % of the growth" in text
    assert "and unbounded-cache, shop.b: 40 % of the growth" in text
    text = text_of(investigation(growth(holder(bytes_after=16 * MIB), holder(name="shop.b", bytes_after=14 * MIB))))
    assert "The cause is unbounded-cache, shop.cart._seen" in text


def test_one_cause_is_not_named_again_in_each_of_its_lines():
    found = investigation(growth(holder()))
    lines = [claim.text for claim in (*found.story.proof, *found.story.against)]
    assert not [line for line in lines if line.startswith("shop.cart._seen: ")]
    two = investigation(growth(holder(), holder(name="shop.other", bytes_after=12 * MIB)))
    assert [claim.text for claim in two.story.proof if claim.text.startswith("shop.other: ")]


def test_what_the_assessment_and_the_cause_both_say_is_told_once():
    lines = [claim.text for claim in investigation(growth(holder())).story.proof]
    assert sum("MiB" in line and ("gained" in line or "it held" in line) for line in lines) == 1
    assert sum("what the process gains" in line or "measured growth" in line for line in lines) == 1


def test_what_to_do_now_comes_before_the_fix():
    text = text_of(investigation(growth(holder())))
    assert text.index("Now: keep the evidence") < text.index("To do: ")


def test_what_may_be_no_leak_is_given_a_fix_with_a_condition():
    verdict = series(VerdictName.SUSPECT)
    found = investigation(growth(holder(bound=Bound(500_000, "maxsize"))), verdict)
    assert found.verdict.name is VerdictName.SUSPECT
    text = text_of(found)
    assert "To do: " not in text
    assert text.index("To be sure: ") < text.index("If it is a leak: ")


def test_what_may_die_soon_is_restarted_soon_whatever_else_could_be_looked_at():
    near = investigation(growth(holder()), series(VerdictName.LEAK, forecasts=(Forecast("limit", 40.0, 90.0, 99.0),)))
    first, second, *rest = near.plan.steps
    looked = replace(second, title="Write a core of it")
    found = told(replace(near, plan=replace(near.plan, steps=(first, looked, second, *rest))))
    assert "then write a core of it; then restart it within 40 s" in text_of(found)


@pytest.mark.parametrize(
    ("language", "asked"), [("Java", True), ("Ruby", True), ("JavaScript", True), ("Python", False)]
)
def test_a_heap_that_was_seen_with_leave_is_kept_with_leave(language, asked):
    step = investigation(replace(growth(holder()), language=language)).plan.steps[0]
    assert ("--inspect" in step.command) is asked
    assert step.risk.startswith("it stands still") is asked
