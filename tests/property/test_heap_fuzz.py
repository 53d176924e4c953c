"""Any bytes give an answer that adds up and can be printed, or a data error: real dumps changed by the fuzzer's rules.

OAKUM_FUZZ=1 looks for new examples; ``make fuzz`` looks on for as long as it is told.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.asked import ask
from fuzz.mutation import mutated
from hypothesis import given, settings
from hypothesis import strategies as st

SEEDS = {
    folder.name: sorted(folder.iterdir()) for folder in sorted((Path(__file__).parents[2] / "fuzz/seeds").iterdir())
}
FOUND = sorted((Path(__file__).parent / "found").iterdir())


@pytest.mark.parametrize("reader", SEEDS)
def test_a_seed_is_a_whole_dump(reader):
    for path in SEEDS[reader]:
        answer = ask(path.read_bytes())
        assert '"partial": false' in answer


@pytest.mark.parametrize("reader", SEEDS)
@settings(max_examples=100)
@given(chance=st.randoms(use_true_random=False))
def test_a_changed_dump_gives_an_answer_or_a_data_error_and_nothing_else(reader, chance):
    seeds = [path.read_bytes() for path in SEEDS[reader]]
    ask(mutated(reader, chance.choice(seeds), chance.choice(seeds), chance, 1 << 16))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_the_fuzzer_once_broke_a_reader_with_is_answered(path):
    ask(path.read_bytes())
