"""``oakum scan`` on this machine: processes and cgroups that really leak, beside ones that do not."""

from __future__ import annotations

import pytest
from programs import oakum, running

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def scan_of_three():
    """A leak, a steady heap and churn, side by side in their cgroups."""
    with running("sessions", "--rate", "3") as leaking, running("steady_heap") as steady, running("churn") as churning:
        run = oakum("scan", "host", "--for", "25s", "-o", "json")
        yield run, leaking, steady, churning


def of(answer: dict, program) -> list[dict]:
    """Every series that is about this program: its process, its cgroup."""
    marks = (str(program.pid), program.cgroup)
    return [row for row in answer["series"] if any(mark in f"{row['id']} {row['labels']}" for mark in marks)]


def test_the_leaking_one_is_ranked_before_the_others(scan_of_three):
    run, leaking, steady, churning = scan_of_three
    order = [row["id"] for row in run.json["series"]]
    first = min(order.index(row["id"]) for row in of(run.json, leaking))
    others = [order.index(row["id"]) for program in (steady, churning) for row in of(run.json, program)]
    assert others
    assert first < min(others)


def test_growth_alone_is_at_most_suspect_and_rest_is_not_accused(scan_of_three):
    run, leaking, steady, churning = scan_of_three
    assert {row["verdict"] for row in of(run.json, leaking)} & {"suspect", "leak"}
    for program in (steady, churning):
        assert {row["verdict"] for row in of(run.json, program)} <= {"healthy", "cannot-tell"}


def test_the_rate_and_the_limit_are_those_of_the_cgroup(scan_of_three):
    run, leaking, _, _ = scan_of_three
    cgroup = next(row for row in of(run.json, leaking) if row["scope"] == "cgroup")
    assert cgroup["rate_per_s"] == pytest.approx(3e6, rel=0.4)
    assert cgroup["limit"] == 512 * 1024**2
    assert cgroup["forecast"]["p10_s"] <= cgroup["forecast"]["p50_s"]


def test_the_exit_code_is_of_the_worst(scan_of_three):
    run = scan_of_three[0]
    leaks = [row for row in run.json["series"] if row["verdict"] == "leak"]
    assert run.code == (1 if leaks else 0)
    assert run.json["schema"] == "oakum.scan/1"


def test_a_file_of_the_labs_own_curves(tmp_path):
    """Recorded now, from two programs, at their own pace: a leak's curve and a steady one's, as CSV."""
    path = tmp_path / "curves.csv"
    with running("closure", "--rate", "4") as leaking, running("churn") as steady, path.open("w") as file:
        file.write("series_id,ts,value\n")
        for second in range(24):
            for name, program in (("leaking", leaking), ("steady", steady)):
                program.serve_for(0.25)
                file.write(f"{name},{1_760_000_000 + second * 60},{program.anon_bytes()}\n")
    run = oakum("scan", path, "-o", "json")
    verdicts = {row["id"]: row["verdict"] for row in run.json["series"]}
    assert verdicts["leaking"] in {"leak", "suspect"}
    assert verdicts["steady"] in {"healthy", "cannot-tell"}
    assert next(iter(verdicts)) == "leaking"
