"""The helper of a Ruby by itself: who hangs, what runs short, who shares its network, what its copy leaves alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Lines

from oakum.host.ruby import LiveRubies

pytestmark = pytest.mark.lab

HELPER = ROOT / "src" / "oakum" / "probe" / "oakum_heap.rb"
MAIN = """
require ARGV[0]
OakumHeap.send(:remove_const, :ASKED_WITHIN_S)
OakumHeap::ASKED_WITHIN_S = 0.3
WITNESS = ARGV[1]
module Hooked
  def _fork = super.tap { File.write("#{WITNESS}/hooked", '') unless $told }
end
Process.singleton_class.prepend(Hooked)
trap('TERM') { File.write("#{WITNESS}/trapped", '') }
KEPT = Class.new { def initialize = @rows = Array.new(200) { +'row' } }.new
ROWS = Array.new(20_000) { |number| "row #{number}" }
$stdout.sync = true
puts 'ready'
while (word = $stdin.gets)
  case word
  when "fork\\n"
    $told = true
    fork { sleep }.tap { |pid| at_exit { Process.kill(:KILL, pid) } }
  when "starve\\n"
    hard = Process.getrlimit(:NOFILE)
    Process.setrlimit(:NOFILE, 1, hard.last)
  when "feed\\n" then Process.setrlimit(:NOFILE, *hard)
  end
  puts 'done'
end
"""


@contextmanager
def helped(folder, *before):
    """(the process, its words, its number as we see it)."""
    ruby = shutil.which("ruby")
    if ruby is None:
        pytest.skip("no ruby on this machine")
    command = [*before, ruby, "-e", MAIN, HELPER, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            lines = Lines(process.stdout.fileno())
            assert lines.next() == "ready"
            yield process, lines, children(process.pid)[0] if before else process.pid
        finally:
            process.stdin.close()
            process.wait(10)


def children(pid):
    tasks = [(task / "children").read_text(encoding="ascii") for task in Path(f"/proc/{pid}/task").iterdir()]
    return [int(child) for child in " ".join(tasks).split()]


def says(process, lines, word):
    process.stdin.write(f"{word}\n".encode())
    process.stdin.flush()
    assert lines.next() == "done"


def connected(pid):
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(20)
    made.connect(f"\0oakum-heap-{pid}-{Path(f'/proc/{pid}/ns/pid').stat().st_ino}")
    return made


def dumping(pid):
    """A connection and its stream: a dump was asked for, and the copy waits for us to read it."""
    made = connected(pid)
    told = made.makefile("rb")
    assert json.loads(told.readline())["oakum_heap"] == 1
    made.sendall(b"dump\n")
    assert json.loads(told.readline())["oakum_heap"] == "copy"
    return made, told


def figures(pid):
    with closing(LiveRubies().open(pid)) as ruby:
        return ruby.figures(within_s=20.0)


def test_who_asks_half_a_word_keeps_nobody_waiting(tmp_path):
    with helped(tmp_path) as (_, _, pid), connected(pid) as made:
        made.recv(1000)
        made.sendall(b"d")
        began_s = time.monotonic()
        assert figures(pid).version
        assert time.monotonic() - began_s < 5


def test_it_answers_again_once_there_are_descriptors_again(tmp_path):
    with helped(tmp_path) as (process, lines, pid):
        says(process, lines, "starve")
        with connected(pid) as made:
            made.settimeout(0.5)
            with pytest.raises(TimeoutError):
                made.recv(1000)
        says(process, lines, "feed")
        assert figures(pid).version


def test_a_copy_runs_no_hook_and_no_handler_of_the_program(tmp_path):
    with helped(tmp_path) as (_, _, pid):
        made, told = dumping(pid)
        with made, told:
            (copy,) = children(pid)
            os.kill(copy, signal.SIGTERM)
            assert b'"oakum_heap":"end"' not in told.read()
        assert children(pid) == []
        assert os.listdir(tmp_path) == []


def test_a_dump_ends_with_its_copy_though_a_worker_was_forked_meanwhile(tmp_path):
    with helped(tmp_path) as (process, lines, pid):
        made, told = dumping(pid)
        with made, told:
            says(process, lines, "fork")
            assert b'"oakum_heap":"end"' in told.read().splitlines()[-1]
        assert len(children(pid)) == 1


def test_variables_of_what_has_a_class_without_a_name_are_its_own(tmp_path):
    with helped(tmp_path) as (_, _, pid):
        made, told = dumping(pid)
        with made, told:
            rows = [json.loads(line) for line in told.read().splitlines()]
    kept = next(row for row in rows if row.get("oakum_heap") == "name" and row["is"] == "KEPT")["at"]
    assert next(row for row in rows if row.get("address") == kept)["type"] == "OBJECT"
    assert next(row for row in rows if row.get("oakum_heap") == "name" and row["is"] == "@rows")["of"] == kept


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made")
def test_two_of_the_same_number_in_one_network_both_answer(tmp_path):
    apart = ("unshare", "--pid", "--fork", "--kill-child")
    with helped(tmp_path, *apart) as (_, _, one), helped(tmp_path, *apart) as (_, _, other):
        assert figures(one).version
        assert figures(other).version
