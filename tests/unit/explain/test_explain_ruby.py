"""Ruby source about a holder: who inserts, what bounds it, and in which class."""

from __future__ import annotations

import time

import pytest

from oakum.explain.deeper_ruby import ruby_steps
from oakum.explain.ruby_script import find_ruby_sites
from oakum.explain.source import MOST_KEPT
from oakum.model.ruby import RubyDeeper

SOURCE = """module Shop
  SEEN = {}

  # @entries[no] = comment
  class Quotes
    def initialize
      @entries = {}
      @sessions = {}
    end

    def self.seen(address)
      SEEN[address] = 1 # SEEN.size > 10
    end

    def answer(basket)
      @entries[basket] ||= compute(basket)
    end

    def fetch(basket)
      return @entries[basket] if @entries[basket] == 3
    end

    def forget(basket)
      @entries.delete(basket)
    end
  end

  class Recent
    def add(entry)
      @entries << entry
      @entries.shift if @entries.size > MOST
      (Thread.current[:cart] ||= []) << entry
    end
  end
end
"""


def places(rows):
    return [(row.line, row.function) for row in rows]


def found(name, holder=""):
    return find_ruby_sites(SOURCE, "shop.rb", name, holder=holder)


def test_a_variable_of_one_class_is_not_that_of_another_in_the_same_file():
    quotes, recent = found("@entries", "Shop::Quotes#@entries"), found("@entries", "Shop::Recent#@entries")
    assert places(quotes.inserts) == [(16, "answer")]
    assert places(quotes.defined) == [(7, "initialize")]
    assert quotes.bounds == []
    assert places(quotes.removals) == [(24, "forget")]
    assert places(recent.inserts) == [(30, "add")]
    assert places(recent.bounds) == [(31, "add")]


def test_of_a_class_that_is_not_in_the_file_every_line_counts():
    assert places(found("@entries", "Shop::Gone#@entries").inserts) == [(16, "answer"), (30, "add")]


def test_constants_and_variables_of_threads_are_found_and_comments_are_not():
    assert places(found("SEEN", "Shop::SEEN").inserts) == [(12, "seen")]
    assert found("SEEN").bounds == []
    assert places(found(":cart", "Thread.current[:cart]").defined) == [(32, "add")]


def test_a_long_file_without_methods_is_read_once():
    began_s = time.process_time()
    found = find_ruby_sites("@a << 1\n" * 20_000, "a.rb", "@a")
    assert (len(found.inserts), found.passed_over) == (MOST_KEPT, 20_000 - MOST_KEPT)
    assert time.process_time() - began_s < 5.0


@pytest.mark.parametrize(
    ("line", "bounds"),
    [
        ("@log.shift while @log.length > 100", 1),
        ("@log = @log.last(100)", 1),
        ("return if MOST <= @log.size", 1),
        ("@log = LruRedux::Cache.new(100)", 1),
        ("puts @log.size", 0),
        ("flush if @log.size > 0", 0),
        ("@logger.size > 3", 0),
    ],
)
def test_what_compares_a_size_or_keeps_the_last_bounds_it(line, bounds):
    assert len(find_ruby_sites(f"def add\n  {line}\nend\n", "a.rb", "@log").bounds) == bounds


@pytest.mark.parametrize("line", ["@log << 1", "@log[key] = 1", "@log.push(1)", "@log.store(1, 2)", "@log += [1]"])
def test_what_puts_something_in_inserts(line):
    assert len(find_ruby_sites(f"def add\n  {line}\nend\n", "a.rb", "@log").inserts) == 1


@pytest.mark.parametrize("line", ["@log[key] == 1", "x = @log[key]", "@log.each { |row| row }", "@log[key] => value"])
def test_what_reads_it_does_not(line):
    assert find_ruby_sites(f"def add\n  {line}\nend\n", "a.rb", "@log").inserts == []


def test_who_answers_with_lines_is_asked_for_nothing_more_and_who_does_not_may_start_a_canary():
    assert ruby_steps((), RubyDeeper(7, helper=True, tracer=False, lines=True)) == ()
    (step,) = ruby_steps((), RubyDeeper(7, helper=True, tracer=True, lines=False))
    assert "OAKUM_HEAP_LINES=1" in step.command
    assert ruby_steps((), None) == ()
