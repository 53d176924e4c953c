"""The page of ``bench.prometheus``: what was asked for and missed, or not measured, is said; and its fleet."""

from __future__ import annotations

import numpy as np
from bench.prometheus import fleet
from bench.prometheus.measured import Run, measured
from bench.prometheus.page import Found, page

STAGES = {
    "seconds": 20.0,
    "cpu_s": 10.0,
    "stages": {"kernels of the judge": 6.0, "folding": 1.0},
    "bytes": 10_000_000,
    "requests": 400,
    "stock": {"seconds": 0.5, "bytes": 1_000_000, "requests": 12},
    "series": 10_000,
    "samples": 14_400_000,
    "answer_bytes": 9_000_000,
}


def run(name="Oakum, first", seconds=30.0, peak=300.0, code=1, said=""):
    return Run(name, seconds, 12.0, peak, 20.0, 700.0, 1.5, code, b"", said)


def cells(text, first):
    line = next(line for line in text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_slowest_and_the_largest_scan_count():
    found = [
        Found(run(), 10_000, True, 10, 0, 10),
        Found(run("Oakum, again", seconds=120.0, peak=2000.0), 10_000, True, 9, 2, 10),
        Found(run("pandas, one query for all", seconds=500.0), 10_000, True, 10, 0, 10),
    ]
    text = page([("when", "now")], found, 24)
    assert cells(text, "seconds for 10,000 containers × 24 h at 1 min")[2:] == ["120", "no"]
    assert cells(text, "peak MiB of that")[2:] == ["2,000", "no"]
    assert cells(text, "leaks found")[2:] == ["9", "no"]
    assert cells(text, "others named")[2:] == ["2", "no"]


def test_a_smaller_fleet_or_window_measures_no_target():
    for found, hours in (([Found(run(), 1_000, True, 1, 0, 1)], 24), ([Found(run(), 10_000, True, 10, 0, 10)], 6)):
        text = page([], found, hours)
        assert cells(text, "peak MiB of that")[2:] == ["–", "not measured"]


def test_who_gave_no_answer_is_told_with_its_last_words_and_stands_in_no_table():
    dead = Found(run("pandas, one query for all", code=1, said="MemoryError"), 10_000, False)
    text = page([], [Found(run(), 10_000, True, 10, 0, 10), dead], 24)
    assert "- pandas, one query for all, 10,000 containers: no answer; ended with 1" in text
    assert "MemoryError" in text
    assert "| pandas" not in text


def test_stages_add_up_to_all_of_our_processor():
    text = page([], [Found(run("clocks", code=0), 10_000, True, stages=STAGES)], 24)
    assert cells(text, "the rest")[1:] == ["3.0", "30%", "300"]
    assert cells(text, "ms of the server's processor")[1] == "2.00"
    assert cells(text, "bytes that the server sent")[1] == "1,000"


def test_files_are_told_with_their_verdicts_or_that_there_was_no_answer():
    text = page([], [], 24, (run("Oakum, 100 files"), {"leak": 3, "healthy": 7}))
    assert "7 healthy, 3 leak" in text
    assert cells(text, "Oakum, 100 files")[4] == "1,200,000"
    assert "no answer" in page([], [], 24, (run(code=-9), {}))


def test_a_process_that_is_measured_has_bounded_memory_and_keeps_its_exit_code_and_last_words():
    greedy = "bytearray(6 << 30)"
    found = measured("greedy", ["python3", "-c", greedy])
    assert found.exit == 1
    assert found.said == "MemoryError"
    # The kernel counts from the fork on: a worker of these tests may be larger than what it starts.
    assert found.peak_mib < 6 << 10


def test_the_fleet_holds_what_it_says(tmp_path):
    file = tmp_path / "fleet.om"
    assert fleet.write(file, 3, 1) == 3 * 60
    lines = file.read_text().splitlines()
    assert sum(line.startswith("container_memory_rss{") for line in lines) == 180
    assert lines[-1] == "# EOF"
    at = np.arange(fleet.END_S - 86_400 + 60, fleet.END_S + 1, 60)
    leak, flat = fleet._bytes(0, at), fleet._bytes(1, at)
    assert leak[-60:].mean() - leak[:60].mean() > 200 * fleet.MIB
    assert abs(flat[-60:].mean() - flat[:60].mean()) < fleet.MIB
