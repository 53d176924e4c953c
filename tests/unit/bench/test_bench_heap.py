from __future__ import annotations

import os
import sys

import pytest
from bench.heap.dumps import histogram
from bench.heap.figures import Case, apart, counted, ended, retained, row
from bench.heap.ours import ours
from bench.heap.page import Checked, Found, Made, page, rates
from bench.heap.peers import mat_first, memlab_first, oakum_first, shark_first, slurp_first
from bench.heap.process import Spent, descendants, run, status
from hprof_files import HprofFile

MIB = 1 << 20
EATS = """import sys, time
kept = bytearray(int(sys.argv[1]))
kept[::4096] = b"x" * len(kept[::4096])
# Kept for as long as it takes to be looked at.
while time.process_time() < 0.3: pass
print(len(kept))"""


def spent(wall_s=1.0, cpu_s=2.0, *, code=0, err="", out=""):
    return Spent(wall_s, cpu_s, 300 * MIB, 100 * MIB, code, out, err)


def ours_row(cores, wall_s, **others):
    return row(Case("small", "java", "Oakum", cores, "warm"), [spent(wall_s)], **others)


def test_memory_and_time_are_of_the_process_and_all_its_children(tmp_path):
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {EATS!r}, sys.argv[1]], check=True)"
    small = run([sys.executable, "-c", parent, str(MIB)], cores=1, within_s=60, cwd=tmp_path)
    large = run([sys.executable, "-c", parent, str(60 * MIB)], cores=1, within_s=60, cwd=tmp_path)
    assert (small.code, large.code) == (0, 0)
    assert large.out.strip() == str(60 * MIB)
    assert large.peak_bytes - small.peak_bytes > 50 * MIB
    assert large.cpu_s > 0


def test_a_process_on_one_core_may_use_one_and_we_still_all_of_ours(tmp_path):
    before = os.sched_getaffinity(0)
    done = run(
        [sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"], cores=1, within_s=60, cwd=tmp_path
    )
    assert done.out.strip() == "1"
    assert os.sched_getaffinity(0) == before


def test_what_runs_too_long_is_ended_and_said(tmp_path):
    done = run([sys.executable, "-c", "import signal; signal.pause()"], cores=2, within_s=0.3, cwd=tmp_path)
    assert done.code is None
    assert ended(done).startswith("given up after ")


def test_a_failure_is_told_by_its_code_and_its_error_line():
    assert ended(spent()) == ""
    assert ended(spent(code=3, err="loading\nOutOfMemoryError: Java heap space\n")) == (
        "ended with 3: OutOfMemoryError: Java heap space"
    )
    assert ended(spent(code=-9)) == "ended with -9"


def test_our_own_process_is_its_own_first_descendant_with_memory():
    assert next(descendants(os.getpid())) == os.getpid()
    fields = status(os.getpid())
    assert fields["VmRSS"] > fields["RssAnon"] > MIB
    assert status(2**22 + 1) == {}


def test_figures_of_a_row_are_medians_each_of_its_own():
    made = row(Case("small", "java", "Oakum", 2), [spent(1.0, 9.0), spent(5.0, 1.0), spent(2.0, 3.0)], first="it")
    assert (made.runs, made.wall_s, made.cpu_s, made.first) == (3, 2.0, 3.0, "it")
    assert made.anon_bytes == 100 * MIB


def test_retained_sizes_of_a_peer_are_read_from_its_lines():
    found = retained("[Kloading\n\nobjects 3 bytes 90\nobject ff 80 16 2 shop.Cache of things\nobject 1a 10 10 1\n")
    assert (found.objects, found.bytes) == (3, 90)
    assert (found.by_id[0xFF].bytes, found.by_id[0xFF].objects) == (80, 2)
    assert found.by_id[0xFF].name == "shop.Cache of things"
    assert found.by_id[0x1A].name == ""


def test_output_without_totals_is_no_answer():
    with pytest.raises(ValueError, match="no totals"):
        retained("object ff 80 16 2 shop.Cache\n")


def test_two_answers_are_compared_where_both_know_the_object():
    theirs = retained(
        "objects 4 bytes 400\nobject 1 100 8 5 A\nobject 2 50 8 3 B\nobject 3 40 8 2 C\nobject 9 400 0 4 root\n"
    )
    found = apart({1: (100, 5), 2: (60, 3), 3: (40, 1), 7: (1, 1)}, theirs)
    assert (found.compared, found.same_objects, found.same_bytes) == (3, 2, 2)
    assert found.largest == pytest.approx(0.2)
    assert found.name == "B"


def test_equal_answers_are_not_apart_and_name_nothing():
    found = apart({1: (100, 5)}, retained("objects 1 bytes 100\nobject 1 100 8 5 A\n"))
    assert (found.same_objects, found.same_bytes, found.largest, found.name) == (1, 1, 0.0, "")


JVM = """ num     #instances         #bytes  class name (module)
-------------------------------------------------------
   1:         12000        7392000  [B (java.base@17)
   2:             2             48  shop.Main$$Lambda$14/0x0000000800c031f8
   3:             1             24  shop.Main$$Lambda$14/0x0000000800c03a00
   4:           600          60000  java.lang.Class (java.base@17)
Total         12603        7452072
"""


def test_the_histogram_of_the_jvm_is_compared_by_names_as_in_source():
    told = histogram(JVM)
    assert told["[B"] == (12000, 7392000)
    found = counted(told, {"byte[]": (12000, 7392000), "shop.Main$$Lambda$14": (3, 72), "java.lang.Class": (9, 900)})
    assert found.theirs == found.ours == (12003, 7392072)
    assert (found.classes, found.same, found.differing) == (2, 2, ())


def test_classes_that_differ_are_named_the_most_bytes_first():
    found = counted(histogram(JVM), {"byte[]": (11999, 7391976), "shop.Main$$Lambda$14": (3, 72), "Extra": (1, 4096)})
    assert found.same == 1
    assert found.differing == ("Extra", "byte[]")


def chain(length):
    """A class whose static holds a chain of nodes, and one node that nothing holds."""
    above, node, cache, first, apart_from = 0x1000, 0x2000, 0x3000, 0x10_0000, 0x90_0000
    file = HprofFile()
    file.class_dump(above, "java/lang/Object")
    file.class_dump(node, "shop/Node", above=above, fields=[("next", 2)])
    file.class_dump(cache, "shop/Cache", above=above, statics=[("first", 2, first)])
    for held in (cache, node):
        file.root(0x05, held)
    for i in range(length):
        file.instance(first + 64 * i, node, file.id(first + 64 * (i + 1) if i + 1 < length else 0))
    file.instance(apart_from, node, file.id(0))
    return first, file.bytes()


def test_our_own_figures_of_a_dump_are_those_of_what_roots_hold(tmp_path):
    path = tmp_path / "chain.hprof"
    first, data = chain(length=5)
    path.write_bytes(data)
    found = ours(path)
    assert found.classes["shop.Node"][0] == 6
    own = found.classes["shop.Node"][1] // 6
    assert [found.retained[first + 64 * i] for i in range(5)] == [(own * (5 - i), 5 - i) for i in range(5)]
    assert 0x90_0000 not in found.retained
    assert found.objects == len(found.retained)


def test_what_each_tool_names_first_is_found_in_its_output():
    assert (
        oakum_first('{"suspects": [{"title": "Cache.entries holds 9 MiB"}, {"title": "B"}]}')
        == "Cache.entries holds 9 MiB"
    )
    assert oakum_first('{"suspects": []}') == ""
    table = "+---+\n| Total size | Instances | Largest | Class name |\n+---+\n| 8.34MiB | 44554 | 292KiB | byte[] |\n"
    assert slurp_first(table) == "byte[]: 8.34MiB in 44554 objects"
    assert slurp_first("") == ""
    assert memlab_first("\x1b[Kmarking\n· @1859 Map: 30001 edges, 9.9MB, refs: [entries]\n") == (
        "@1859 Map: 30001 edges, 9.9MB, refs: [entries]"
    )
    assert shark_first("Total retained: 9\n\nshop.Worker #5 Retained: 12 bytes\n├─x Retained: 2\n") == (
        "shop.Worker #5 Retained: 12 bytes"
    )
    assert mat_first("objects 2 bytes 9\nobject ff 1048576 8 2 shop.Cache\n") == "shop.Cache, 1.0 MiB retained"


def test_rates_are_by_wall_clock_and_the_second_core_is_beside_the_first():
    found = Found(
        dumps=[Made("small", "java", 9 * MIB, 1_000_000, 3_000_000)], rows=[ours_row(2, 1.0), ours_row(1, 1.5)]
    )
    two, one = rates(found)
    assert two == ["java, small", "2", "1,000,000", "3,000,000", "105", "1.50"]
    assert one[1] == "1"
    assert one[-1] == ""


def test_a_dump_that_was_not_answered_has_no_rate():
    found = Found(dumps=[Made("small", "java", 9, 0, 0)], rows=[ours_row(2, 1.0, failed="ended with 4")])
    assert rates(found) == []


def test_the_page_says_what_failed_and_what_was_not_to_be_had():
    found = Found(
        dumps=[Made("small", "java", 9 * MIB, 0, 0)],
        rows=[ours_row(2, 1.0, failed="given up after 300 s")],
        missing=[("memlab 2.0.5", "no npm on this machine")],
        checked=[
            Checked(
                "java, small, peer",
                (9, 9),
                (80, 81),
                apart({1: (1, 1)}, retained("objects 1 bytes 1\nobject 1 1 1 1 A")),
            )
        ],
    )
    text = page([("when", "now")], found)
    assert "| java, small | Oakum | 2 | warm | 1 |" in text
    assert "given up after 300 s" in text
    assert "- memlab 2.0.5: no npm on this machine" in text
    assert "The JVM's histogram was not had." in text
    assert "| java, small, peer | 9 | 9 | 80 | 81 | 1 | 1 | 1 | 0 |" in text
