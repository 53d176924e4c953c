"""Any text that calls itself Go gives an answer: names, or none."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.explain.go_follow import Follower
from oakum.explain.go_syntax import read
from oakum.explain.go_tokens import tokens
from oakum.model.cause import CodePlace

FEW = settings(max_examples=60, deadline=None)
FILE = "/srv/shop/shop.go"
PIECES = st.sampled_from(
    """
    func type var struct map if for switch select case else go defer return package main Store s f x . . , ; : := = <-
    append make new len delete ( ) [ ] { } { } * & % context WithTimeout PushBack heap Push string 1 "a" `b` // /* */
    """.split()  # noqa: SIM905  (three lines of words)
)
SOUP = st.lists(st.one_of(PIECES, st.sampled_from(["\n", "\n", " "])), max_size=120).map(" ".join)
LINES = [
    "x := &Store{}", "s.items[x] = x", "return x", "s.put(x)", "x, ok := s.items[x]", "if len(s.items) > 1 {", "}",
    "defer cancel()", "ctx, cancel := context.WithTimeout(x, 1)", "go func() {", "}()", "x = append(x, s)", "f(x, x)",
    "s.c <- x", "x := f(x)", "x.put(s)",
]  # fmt: skip


def look(text):
    program = read({FILE: text})
    follower = Follower(program, {FILE: text.splitlines()}, "main")
    for line in range(1, text.count("\n") + 2):
        places = [CodePlace(FILE, line, "main.(*Store).put"), CodePlace(FILE, line, "main.f")]
        for each in [*follower.kept(places), *follower.kept(places[::-1])]:
            assert each.name
            assert 1 <= each.place.line <= text.count("\n") + 1
    for _, name in program.variables:
        assert len(follower.variable(name)) <= 4


@FEW
@given(st.text(max_size=200))
def test_any_text_has_tokens_whose_lines_are_its_own(text):
    found = tokens(text)
    assert all(1 <= each.line <= text.count("\n") + 1 for each in found)
    assert [each.line for each in found] == sorted(each.line for each in found)


@FEW
@given(SOUP)
def test_any_mixture_of_words_gives_an_answer(text):
    look(text)


@FEW
@given(st.lists(st.sampled_from(LINES), max_size=12), st.lists(st.sampled_from(LINES), max_size=12))
def test_functions_that_call_each_other_in_circles_give_an_answer(first, second):
    put, serve = "\n".join(first), "\n".join(second)
    look(
        "package main\nvar s = &Store{}\ntype Store struct {\nitems map[string]*Store\n}\n"
        f"func (s *Store) put(x *Store) *Store {{\n{put}\n}}\nfunc f(x, y *Store) *Store {{\n{serve}\n}}\n"
    )
