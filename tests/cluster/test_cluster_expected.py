"""What is planted is told, and what is told is planted. No cluster."""

from __future__ import annotations

import re

import pytest
from kubectl import WORKLOADS
from planted import EXPECTED

from oakum.model.cause import CauseName

ONLY_ASKED = {"steady"}


def test_every_manifest_has_its_expectation_and_every_expectation_its_manifest():
    manifests = {path.stem for path in WORKLOADS.glob("*.yaml")} - ONLY_ASKED
    assert {row.get("manifest", name) for name, row in EXPECTED.items()} == manifests


@pytest.mark.parametrize("name", EXPECTED)
def test_an_expectation_speaks_of_what_its_manifest_holds(name):
    row = EXPECTED[name]
    text = (WORKLOADS / f"{row.get('manifest', name)}.yaml").read_text(encoding="utf-8")
    assert re.search(rf"^kind: {row['kind']}\nmetadata:\n  name: {name}$", text, re.MULTILINE | re.IGNORECASE)
    assert f"- name: {row['container']}\n" in text
    assert row["verdict"] in {"leak", "healthy"}
    assert set(row.get("causes", [])) <= set(CauseName)
    assert row.get("culprit", name) in EXPECTED


@pytest.mark.parametrize("name", [name for name, row in EXPECTED.items() if "holder" in row])
def test_a_holder_is_a_name_in_a_program_that_the_manifest_starts(name):
    text = (WORKLOADS / f"{name}.yaml").read_text(encoding="utf-8")
    programs = [path for path in (WORKLOADS / "programs").iterdir() if path.name in text or f" {path.stem}," in text]
    sources = "".join(path.read_text(encoding="utf-8") for path in programs)
    assert all(word in sources for word in EXPECTED[name]["holder"])
