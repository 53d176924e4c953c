"""Each run's end is told once: over turns of a real container (recorded), over relists, and over gaps."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from oakum.kube.decode.pod import pod as decode
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Running, Terminated, Waiting
from oakum.sense.endings import Endings

RECORDED = Path(__file__).parents[2] / "recordings" / "cluster"
TURNS = [decode(body) for body in json.loads((RECORDED / "hasty-turns.json").read_text())]


def end(number):
    return Terminated("OOMKilled", 137, 10.0 * number, 10.0 * number + 9)


def at(*, restarts, state, last):
    pod = TURNS[0]
    (app,) = pod.containers
    return replace(pod, containers=(replace(app, restarts=restarts, state=state, last=last),))


def test_a_real_container_s_turns_from_running_to_ended_to_waiting_tell_each_end_once():
    endings = Endings()
    told = [[(ended.run, ended.finished_s) for ended in endings.take(pod)] for pod in TURNS]
    kinds = [type(pod.containers[0].state) for pod in TURNS]
    assert kinds[:4] == [Running, Terminated, Waiting, Running]
    assert [len(each) for each in told] == [1, 1, 0, 0, 1, 0, 0, 1]
    runs = [run for each in told for run, _ in each]
    assert runs == [35, 36, 37, 38]
    times = [at_s for each in told for _, at_s in each]
    assert times == sorted(times)
    assert endings.unseen == 35


def test_however_often_and_in_whichever_gaps_it_is_looked_at_no_end_is_told_twice():
    chance = random.Random(7)
    for _ in range(200):
        looks = sorted(chance.choices(range(len(TURNS)), k=chance.randint(1, 14)))
        endings = Endings()
        keys = [ended.key for look in looks for ended in endings.take(TURNS[look])]
        assert len(keys) == len(set(keys))
        over = 38 if looks[-1] == 7 else 37 if looks[-1] >= 4 else 36 if looks[-1] >= 1 else 35
        assert len(keys) + endings.unseen == over + 1


def test_runs_that_came_and_went_between_two_looks_are_counted_and_not_made_up():
    endings = Endings()
    assert endings.take(at(restarts=0, state=Running(0.0), last=None)) == []
    (only,) = endings.take(at(restarts=4, state=Running(40.0), last=end(3)))
    assert (only.run, endings.unseen) == (3, 3)
    assert endings.take(at(restarts=4, state=Running(40.0), last=end(3))) == []
    both = endings.take(at(restarts=5, state=end(5), last=end(4)))
    assert [each.run for each in both] == [4, 5]
    assert endings.unseen == 3


def test_an_end_that_the_node_has_forgotten_is_counted_as_unseen():
    endings = Endings()
    endings.take(at(restarts=1, state=Running(0.0), last=end(0)))
    assert endings.take(at(restarts=2, state=Running(0.0), last=None)) == []
    assert endings.unseen == 1


def test_where_nobody_counts_restarts_ends_are_told_apart_by_their_time():
    unknown = Absent("restartCount", AbsentKind.NOT_YET, "not told")
    endings = Endings()
    told = [
        len(endings.take(at(restarts=unknown, state=Running(0.0), last=last)))
        for last in (end(1), end(1), end(2), end(2))
    ]
    assert told == [1, 0, 1, 0]
    assert endings.unseen == 0


def test_a_pod_of_the_same_name_is_another_one_and_one_that_is_gone_is_forgotten():
    endings = Endings()
    pod = at(restarts=1, state=Running(0.0), last=end(0))
    assert len(endings.take(pod)) == 1
    assert len(endings.take(replace(pod, uid="another"))) == 1
    endings.forget(pod)
    assert [len(endings.take(pod)) for _ in range(2)] == [1, 0]
