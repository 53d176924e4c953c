"""The pages that tell of the zoo's cases are as their commands would write them."""

from __future__ import annotations

import re

from lab.zoo import library, stories
from lab.zoo.case import CAUSES, cases
from lab.zoo.changed import sentence

LIBRARY = library.PAGE.read_text(encoding="utf-8")
STORIES = stories.PAGE.read_text(encoding="utf-8")


def test_the_library_is_what_its_command_writes_of_the_headers():
    again = library.page(cases(), library.said_in(LIBRARY))
    assert again == LIBRARY, "write it again: python -m lab.zoo library"


def test_the_library_has_every_case_and_every_link_of_a_cause_leads_somewhere():
    headings = re.findall(r"^### (\S+)$", LIBRARY, re.MULTILINE)
    assert sorted(headings) == sorted(case.id for case in cases())
    told = (library.PAGE.parent / "causes.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\(causes\.md#([\w-]+)\)", LIBRARY))
    assert linked <= CAUSES
    assert all(f"\n### {name}\n" in told for name in linked)


def test_each_story_is_of_a_case_and_says_what_it_says():
    for case in stories.told_cases():
        assert f"\n## {stories.TOLD[case.id]}\n\n{sentence(case)}\n" in STORIES


def test_no_story_shows_a_folder_of_a_machine():
    assert not re.search(r"(?<![\w./…])/(?:tmp|root|home|work)/", STORIES)
