from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from bench.judge.case import Case, Truth
from bench.judge.detector import LEAK, SUSPECT, Answers, only_alarms
from bench.judge.replay import outcome
from bench.judge.report import svg
from bench.judge.report.disagreements import arguable
from bench.judge.report.document import merged, write
from bench.judge.report.machine import noise
from bench.judge.report.plots import plots
from bench.judge.report.section import SOURCES, section
from bench.judge.report.tables import episodes, hours
from bench.judge.report.targets import Target, grafted
from bench.judge.scores import Figure, foresight, macro_f1, share, upper_bound

from oakum.model.series import Series, WorkloadSeries
from oakum.model.verdict import Pattern

HOUR = 3600.0
AT = np.arange(0.0, 48 * HOUR, HOUR)
ROW = re.compile(r"^\|.*\|$")


def case(name, *, leaks, part="held", pattern=Pattern.LINEAR):
    truth = Truth("idle", patterns=(Pattern.FLAT,), limit=100.0)
    if leaks:
        truth = Truth(
            "idle", "linear", (pattern,), onset_s=20 * HOUR, crosses_s=(60 * HOUR,), limit=100.0,
            grown_at_s=AT, grown=np.maximum(0.0, AT - 20 * HOUR) / (80 * HOUR), base=0.4,
        )  # fmt: skip
    series = WorkloadSeries(name, (Series(AT, np.linspace(40, 60, AT.size), np.full(AT.size, 100.0)),))
    return Case(name, part, series, truth, 0.0)


def alarms(at_hours, *, said="linear", quantiles=None, suspected=()):
    alarm = np.isin(AT, np.array(at_hours) * HOUR)
    plain = only_alarms(AT, alarm, np.where(alarm, 0.9, 0.1), 0.001)
    forecast = np.full((AT.size, 5), np.nan) if quantiles is None else np.outer(60 * HOUR - AT, quantiles)
    name = np.where(np.isin(AT, np.array(suspected) * HOUR), SUSPECT, plain.name).astype(np.int8)
    return Answers(AT, name, plain.probability, (said,) * AT.size, forecast, plain.rate, 0.001, AT.size)


@pytest.fixture(scope="module")
def outcomes():
    """Two methods, two leaks, two healthy series: Oakum misses one leak and alarms falsely on one healthy series."""
    series = [case("held/linear/idle/0", leaks=True), case("held/linear/idle/1", leaks=True)]
    series += [case("held/healthy/idle/0", leaks=False), case("held/healthy/idle/1", leaks=False)]
    said = [alarms([30], quantiles=(0.8, 0.9, 1.05, 1.3, 1.5)), alarms([], suspected=[40]), alarms([], said="flat")]
    said.append(alarms([3, 20], said="flat"))
    own = [outcome(one, "Oakum", answers) for one, answers in zip(series, said, strict=True)]
    other = [outcome(one, "Rule", alarms([25])) for one in series]
    return [*own, *other]


@pytest.fixture(scope="module")
def told(outcomes):
    return section(SOURCES[0], outcomes, [("when", "then"), ("seed", "7")], {"held/healthy/idle/1": "it | rose"})


def tables(text):
    """Every table as a list of rows of cells."""
    found, rows = [], []
    for line in [*text.splitlines(), ""]:
        if ROW.match(line):
            rows.append([cell.strip() for cell in line[1:-1].split(" | ")])
        elif rows:
            found.append(rows)
            rows = []
    return found


def test_every_table_of_the_report_has_as_many_cells_in_each_row_as_in_its_head(told):
    found = tables(told.text)
    assert len(found) >= 7
    for head, rule, *rows in found:
        assert set("".join(rule)) <= set("-:")
        assert {len(row) for row in (rule, *rows)} == {len(head)}
        assert rows


def test_the_overall_table_tells_what_was_found_and_falsely_alarmed(told):
    table = next(rows for rows in tables(told.text) if rows[0][:2] == ["method", "precision"])
    own = dict(zip(table[0], table[2], strict=True))
    assert own["precision"].startswith("0.500")
    assert own["recall"].startswith("0.500")
    assert own["recall"].endswith("of 2")
    assert own["median delay"].startswith("10.0 h")
    # Two whole windows of 47 h and two times 20 h before an onset; 2 episodes.
    days = (2 * 47 + 2 * 20) / 24
    assert own["false episodes per 1,000 healthy days"].startswith(f"{2000 / days:.1f} (2 in 6 d")
    # Two hourly moments of these 134 hours.
    assert own["healthy time under alarm"] == "1.5 %"


def test_the_pictures_of_a_section_are_its_files_and_well_formed(told):
    shown = re.findall(r"!\[.*\]\(bench-judge/(.*)\)", told.text)
    assert shown == [name for name in told.files if name.endswith(".svg")]
    assert {name.removeprefix("generated-") for name in shown} == {
        "precision-recall.svg", "delay.svg", "reliability.svg", "forecast.svg", "cost.svg",
    }  # fmt: skip
    for name in shown:
        root = ET.fromstring(told.files[name])
        assert root.tag.endswith("svg")
        assert "prefers-color-scheme:dark" in told.files[name]
        assert "<script" not in told.files[name]
        assert "NaN" not in told.files[name].upper().replace("FINANCE", "")


def test_disagreements_are_listed_as_data_with_the_reasons(told):
    rows = list(csv.DictReader(io.StringIO(told.files["generated-disagreements.csv"])))
    assert [(row["series"], row["oakum"]) for row in rows] == [
        ("held/linear/idle/1", "missed"),
        ("held/healthy/idle/1", "false alarm"),
    ]
    assert rows[1]["oakum_said"] == "it | rose"
    assert rows[1]["first_alarm_h"] == "3.00"
    assert rows[0]["others_that_agree_with_oakum"] == "0/1"
    assert rows[1]["others_that_agree_with_oakum"] == "1/1"


def test_a_section_that_was_not_made_again_stays_as_it_was(tmp_path, told):
    page = tmp_path / "bench-judge.md"
    write(tmp_path, [told])
    first = page.read_text(encoding="utf-8")
    real = replace(told, key="real", text="## Real series\n\nnumbers of real series", files={"real-cost.svg": "<svg/>"})
    write(tmp_path, [real])
    second = page.read_text(encoding="utf-8")
    assert told.text in second
    assert "numbers of real series" in second
    assert "numbers of real series" not in first
    again = replace(told, text="## Generated series\n\nnewer", files={})
    write(tmp_path, [again])
    third = page.read_text(encoding="utf-8")
    assert "numbers of real series" in third
    assert told.text not in third
    # Files of a section go with it; those of others stay.
    assert [path.name for path in (tmp_path / "bench-judge").iterdir()] == ["real-cost.svg"]


def test_a_document_without_any_run_says_how_to_make_it():
    text = merged("", {})
    assert "make bench-judge DATA=PATH" in text
    assert merged(text, {}) == text


def test_plots_without_anything_to_draw_are_left_out():
    quiet = [outcome(case("held/healthy/idle/0", leaks=False), "Rule", alarms([]))]
    assert set(plots({"Rule": quiet}, "nothing")) == {"cost"}


def test_what_lies_outside_an_axis_stands_at_its_edge():
    axis = svg.decades("µs", 3.0, 700.0)
    assert (axis.low, axis.high) == (1.0, 1000.0)
    assert axis.place(0.0) == 0.0
    assert axis.place(10.0) == pytest.approx(1 / 3)
    assert axis.place(1e9) == 1.0
    assert svg.share_axis("x").place(0.25) == 0.25


def test_names_are_text_and_no_markup_in_a_plot():
    text = svg.chart("a < b", svg.share_axis("x"), svg.share_axis("y"), [svg.Plotted("<b>&", 0, ((0, 0), (1, 1)))])
    root = ET.fromstring(text)
    assert any(element.text == "<b>&" for element in root.iter())


def test_the_interval_of_a_forecast_covers_or_does_not():
    at_quarter = outcome(case("a", leaks=True), "d", alarms([], quantiles=(0.8, 0.9, 1.1, 1.3, 1.5)))
    too_late = outcome(case("b", leaks=True), "d", alarms([], quantiles=(1.05, 1.1, 1.2, 1.3, 1.5)))
    wide = outcome(case("c", leaks=True), "d", alarms([], quantiles=(0.95, 1.01, 1.3, 2.0, np.inf)))
    row = foresight([at_quarter, too_late, wide])[0]
    assert (row.asked, row.given) == (3, 3)
    assert row.error.value == pytest.approx(0.2)
    assert row.within_80.value == pytest.approx(1 / 3)
    assert row.within_90.value == pytest.approx(2 / 3)
    assert row.width_80 == pytest.approx(0.4)
    # A width without end is not counted: 0.7 and 0.45 are left.
    assert row.width_90 == pytest.approx((0.7 + 0.45) / 2)


def test_macro_f1_of_a_hand_made_confusion():
    pairs = [("linear", "linear"), ("linear", "linear"), ("linear", "exponential"), ("exponential", "exponential")]
    made = [outcome(case("x", leaks=True, pattern=Pattern(true)), "d", alarms([30], said=said)) for true, said in pairs]
    mean, table = macro_f1(made)
    assert table["linear"][0].value == pytest.approx(2 * 2 / (3 + 2))
    assert table["exponential"][0].value == pytest.approx(2 * 1 / (1 + 2))
    assert mean.value == pytest.approx((0.8 + 2 / 3) / 2)
    assert mean.low <= mean.value <= mean.high
    assert table["linear"][1] == 3


def test_shares_and_bounds_have_their_textbook_values():
    assert share([True, True, False, False]).value == 0.5
    assert np.isnan(share([]).value)
    # Exact Poisson limits: 3.00 for none ("rule of three"), 4.74 for one, 7.75 for three.
    assert [upper_bound(count) for count in (0, 1, 3)] == pytest.approx([2.996, 4.744, 7.754], abs=1e-3)


def test_a_short_healthy_time_is_told_as_a_count_and_short_delays_in_minutes():
    assert episodes(2, 0.1) == "2"
    assert episodes(0, 1000.0) == "0.0 (0 in 1,000 d; < 3.0)"
    assert hours(Figure(0.5, 0.25, 1.0)) == "30.0 min (15.0–60.0)"
    assert hours(Figure(float("nan"), 0.0, 0.0)) == "–"


def test_targets_say_whether_they_were_reached(outcomes):
    assert Target("x", "–", 0.9, low=0.87, high=0.93).row[2:] == ["0.87–0.93", "0.9", "yes"]
    assert Target("x", "–", 6.0, high=5.0).row[2:] == ["≤ 5", "6", "no"]
    assert Target("x", "–", float("nan"), low=0.9).row[2:] == ["≥ 0.9", "–", "not given"]
    rows = tables(grafted([one for one in outcomes if one.detector == "Oakum"]))[0]
    by_title = {row[0]: row for row in rows}
    assert by_title["recall, the same"][3:] == ["0.5", "no"]
    assert by_title["forecast at 25% of life: median error"][3:] == ["0.05", "yes"]


def test_a_suspicion_is_kept_beside_what_was_found(outcomes):
    suspected = {one.name: one.suspected for one in outcomes if one.detector == "Oakum"}
    assert suspected["held/linear/idle/1"] is True
    assert suspected["held/healthy/idle/0"] is False


def test_the_noise_of_the_machine_is_a_share():
    assert noise() >= 0


def test_the_codes_of_hand_made_answers_are_those_of_the_bench():
    assert set(np.unique(alarms([3], suspected=[4]).name)) == {0, SUSPECT, LEAK}


def test_labels_that_are_open_to_doubt_say_why():
    known = arguable()
    assert known
    assert all(name.startswith("real/") and len(why.split()) > 8 for name, why in known.items())


def test_doubted_labels_are_shown_and_the_score_is_told_without_them_too():
    name = next(iter(arguable()))
    series = [case(name, leaks=False, part="real"), case("real/some/other", leaks=True, part="real")]
    said = [alarms([5]), alarms([30])]
    own = [outcome(one, "Oakum", answers) for one, answers in zip(series, said, strict=True)]
    text = section(SOURCES[2], own, [("when", "then")], {}).text
    rows = next(rows for rows in tables(text) if rows[0][0] == "series" and "doubted because" in rows[0])
    assert [row[:3] for row in rows[2:]] == [[name.removeprefix("real/"), "healthy", "no"]]
    with_all, without = [rows[2] for rows in tables(text) if rows[0][:2] == ["method", "precision"]]
    assert with_all[1].startswith("0.500")
    assert without[1].startswith("1.000")
