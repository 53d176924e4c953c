"""A case is one file: its header is read and checked, its two variants are rendered, and neither says what it is."""

from __future__ import annotations

import ast

import pytest

from lab.zoo.case import CASES, HELD, RUNTIMES, CaseError, cases, read_case

GOOD = """#: says = "Keeps each order."
#: kind = "leak"
#: causes = ["unbounded-cache", "global"]
#: holder = ["Shop", "orders"]
#: per_s = 120
#: limit_mib = 256
#: policy = { idle_transaction_s = 3 }
\"\"\"A shop.\"\"\"
orders = {}


def keep(number):
    orders[number] = "x" * 10
    del orders[number]  #~ fixed
    return len(orders)  #~ leak
"""


def written(tmp_path, text, name="python/shop.py"):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_header_is_read_and_the_rest_is_the_service(tmp_path):
    case = read_case(written(tmp_path, GOOD))
    assert (case.id, case.kind, case.variants) == ("python/shop", "leak", ("leak", "fixed"))
    assert (case.causes, case.holder) == (("unbounded-cache", "global"), ("Shop", "orders"))
    assert (case.per_s, case.limit_mib, case.for_s, case.target) == (120, 256, 20.0, "pid")
    assert (case.warmed, case.policy) == (240, {"idle_transaction_s": 3})


def test_a_variant_has_its_own_lines_and_no_markers_and_no_header(tmp_path):
    case = read_case(written(tmp_path, GOOD))
    leak, fixed = case.rendered("leak"), case.rendered("fixed")
    assert leak.startswith('"""A shop."""\n')
    assert leak.endswith("    return len(orders)\n")
    assert fixed.endswith("    del orders[number]\n")
    assert "~" not in leak + fixed
    assert case.key("leak") != case.key("fixed")


def test_other_languages_have_their_own_comments(tmp_path):
    text = GOOD.replace("#: ", "//: ").replace("#~", "//~").replace('"""A shop."""', "// A shop.")
    case = read_case(written(tmp_path, text, "node/shop.cjs"))
    assert case.rendered("fixed").startswith("// A shop.\n")
    assert "del orders" not in case.rendered("leak")


def test_what_is_expected_may_change_without_a_new_run_and_the_source_may_not(tmp_path):
    before = read_case(written(tmp_path, GOOD)).key("leak")
    assert read_case(written(tmp_path, GOOD.replace('"Shop", ', ""))).key("leak") == before
    assert read_case(written(tmp_path, GOOD.replace("per_s = 120", "per_s = 121"))).key("leak") != before
    assert read_case(written(tmp_path, GOOD.replace('"x" * 10', '"x" * 11'))).key("leak") != before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#: says", "# says", "no header"),
        ('#: kind = "leak"\n', "", "lacks kind"),
        ('kind = "leak"', 'kind = "leek"', "leak or healthy"),
        ('kind = "leak"', 'kind = "healthy"', "no markers"),
        ("per_s = 120", "per_sec = 120", "per_sec"),
        ("per_s = 120", "per_s = 0", "above zero"),
        ("per_s = 120", "per_s = ", "Invalid value"),
        ('"unbounded-cache"', '"unbounded"', "no cause of the catalogue"),
        ('holder = ["Shop", "orders"]', "holder = []", "causes and a holder"),
        ("limit_mib = 256", 'target = "node"', "target"),
        ("#~", "# ~", "the same"),
        ("A shop.", "A leaky shop.", "'leaky'"),
        ("A shop.", "No bugs here.", "'bugs'"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_name(tmp_path, old, new, said):
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(CaseError, match=r"shop\.py: ") as told:
        read_case(path)
    assert said in str(told.value)


def test_words_that_only_hold_a_telling_one_are_fine(tmp_path):
    case = read_case(written(tmp_path, GOOD.replace("A shop.", "A prefixed shop to debug.")))
    assert "prefixed" in case.rendered("leak")


def test_every_case_of_the_zoo_can_be_read_and_every_python_one_is_python():
    found = cases()
    assert len([case for case in found if case.runtime == "python"]) >= 15
    for case in found:
        for variant in case.variants:
            text = case.rendered(variant)
            if case.suffix == ".py":
                ast.parse(text)


@pytest.mark.parametrize("folder", [CASES, *HELD])
def test_no_file_of_the_zoo_is_passed_over(folder):
    files = [path for path in folder.glob("*/*") if path.is_file()]
    assert {path.parent.name for path in files} <= set(RUNTIMES)
    assert len(cases(folder=folder)) == len(files) >= 12


@pytest.mark.parametrize("folder", HELD)
def test_every_case_that_the_rules_had_not_seen_can_be_read(folder):
    for case in cases(folder=folder):
        for variant in case.variants:
            text = case.rendered(variant)
            if case.suffix == ".py":
                ast.parse(text)


def test_cases_are_chosen_by_patterns():
    chosen = cases(["python/route_*"])
    assert [case.id for case in chosen] == ["python/route_planner"]
