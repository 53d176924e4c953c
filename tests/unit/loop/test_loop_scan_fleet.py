"""What is said where there is no Dask cluster, and what a worker does with a task."""

from __future__ import annotations

import pickle
import subprocess
import sys
from contextlib import asynccontextmanager
from types import ModuleType

import anyio
import numpy as np
import pytest

from oakum import wiring
from oakum.loop import folded as folded_file
from oakum.loop.folded import Folded
from oakum.loop.scan_fleet import Answer, Task, _Fleet, answered
from oakum.loop.scan_prometheus import Judged
from oakum.model.errors import CallerError, DataError, MachineError, OakumError, TargetError
from oakum.model.metrics import Asked, QueryBudget
from oakum.model.policy import Policy
from oakum.model.scan import Skipped
from oakum.model.series import Series, WorkloadSeries
from oakum.model.source import PrometheusSource, parse_source
from oakum.model.verdict import Forecast, Verdict, VerdictName
from oakum.sense.prometheus.choice import LabelNames
from oakum.sense.prometheus.names import POD_OWNER, SET_OWNER, Owner, Owners, PodKey
from oakum.sense.prometheus.shards import Group, Shard

SOURCE = PrometheusSource("http://ann:secret@p:9090")


def fleet(scheduler, source=""):
    return wiring.fleet(scheduler, parse_source(source) if source else SOURCE, QueryBudget(), Policy())


def test_without_an_address_nothing_of_it_is_loaded():
    alone = (
        "import sys; from oakum import wiring; from oakum.model.metrics import QueryBudget;"
        " from oakum.model.policy import Policy; from oakum.model.source import PrometheusSource;"
        " found = wiring.fleet('', PrometheusSource('http://p:9090'), QueryBudget(), Policy());"
        " print(found, 'distributed' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", alone], check=False, capture_output=True, text=True).stdout
        == "None False\n"
    )


@pytest.mark.parametrize("scheduler", ["localhost:8786", "http://localhost:8786", "nothing"])
def test_an_address_that_is_none_is_the_callers_mistake(scheduler):
    with pytest.raises(CallerError, match="no Dask scheduler"):
        fleet(scheduler)


def test_without_the_extra_one_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MachineError, match="cannot speak to a Dask cluster") as caught:
        fleet("tcp://127.0.0.1:8786")
    assert caught.value.next_step == "pip install 'oakum[fleet]'"


@pytest.mark.parametrize("scheduler", ["tcp://dask:8786", "tls://10.0.0.7:8786"])
@pytest.mark.parametrize(
    ("source", "next_step"),
    [
        ("http://127.0.0.1:9090", "oakum scan http://HOST:9090 --scheduler tcp"),
        ("http://me:secret@localhost:9090/prometheus", "oakum scan http://HOST:9090 --scheduler tcp"),
        ("https://[::1]", "oakum scan http://HOST:9090 --scheduler tcp"),
        ("kube+http://prom.monitoring:9090", "oakum scan kube+http://prom.monitoring:9090@CONTEXT --scheduler tcp"),
    ],
)
def test_a_source_that_may_be_another_server_for_the_workers_is_refused(scheduler, source, next_step):
    with pytest.raises(CallerError, match=r"may be another|may be of another") as caught:
        fleet(scheduler, source)
    assert caught.value.next_step.replace("tls", "tcp").startswith(next_step)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("scheduler", "source"),
    [
        ("tcp://127.0.0.1:8786", "http://127.0.0.1:9090"),
        ("tcp://localhost:8786", "kube+http://prom.monitoring:9090"),
        ("tcp://dask:8786", "kube+http://prom.monitoring:9090@prod"),
        ("tcp://dask:8786", "http://10.0.0.7:9090"),
    ],
)
def test_a_source_that_is_the_same_server_for_the_workers_is_taken(monkeypatch, scheduler, source):
    monkeypatch.setitem(sys.modules, "distributed", ModuleType("distributed"))
    assert fleet(scheduler, source) is not None


class Elsewhere:
    place = "http://p:9090"

    def __init__(self):
        self.asked = Asked()


class Whole:
    def __init__(self, product=""):
        self.product = product

    def of(self, _):
        return self


def shard_of(answer, monkeypatch):
    """(what came of a shard of two series, the server by which stock was taken)."""

    async def found(*_):
        return answer

    monkeypatch.setattr(_Fleet, "_answer", found)
    server = Elsewhere()
    shard = Shard((Group("", "shop", Owner("deploy", "cart"), {"cart-1": 2}),), True)

    async def journey():
        judging = _Fleet(None, "tcp://dask:8786", refusing, server, QueryBudget(), Policy())
        try:
            return await judging(Whole(), shard, compiled=False, bar=None)
        except OakumError as exc:
            return exc

    return anyio.run(journey), server


def test_a_shard_of_which_nothing_came_is_missed(monkeypatch):
    exc, _ = shard_of(Answer(Judged((), ()), Asked()), monkeypatch)
    assert isinstance(exc, DataError)
    assert "another server or tenant" in exc.why
    skipped = Judged((), (Skipped("cart", "too short"),))
    assert shard_of(Answer(skipped, Asked()), monkeypatch)[0] == skipped


def test_by_which_way_the_workers_read_is_counted(monkeypatch):
    skipped = Judged((), (Skipped("cart", "too short"),))
    _, server = shard_of(Answer(skipped, Asked(requests=5, chunks=3, evaluated="no remote read")), monkeypatch)
    assert (server.asked.requests, server.asked.chunks, server.asked.evaluated) == (5, 3, "no remote read")


class Refusing:
    asked = Asked(requests=3, bytes=7)

    async def over(self, *_):
        raise TargetError("not allowed", why="403", next_step="log in")


@asynccontextmanager
async def refusing(_):
    yield Refusing()


def task(**told):
    return Task(
        **{
            "connect": refusing,
            "budget": QueryBudget(),
            "stock": Whole(),
            "shard": Shard((), True),
            "policy": Policy(),
            "compiled": False,
            "bar": None,
            "made_by": wiring_version(),
            **told,
        }
    )


def wiring_version():
    from importlib.metadata import version  # noqa: PLC0415

    return version("oakum")


@pytest.mark.parametrize(("product", "times"), [("VictoriaMetrics", 1), ("Prometheus", 0), ("", 0)])
def test_a_worker_asks_a_server_that_has_an_export_what_it_is(monkeypatch, product, times):
    calls = []

    class Telling(Refusing):
        async def about(self):
            calls.append(1)

    @asynccontextmanager
    async def telling(_):
        yield Telling()

    async def nothing(*_, **__):
        return Judged((), ())

    monkeypatch.setattr("oakum.loop.scan_fleet.judge_shard", nothing)
    assert answered(task(connect=telling, stock=Whole(product))).failed is None
    assert len(calls) == times


def test_a_worker_of_another_version_says_so_and_asks_nothing():
    def never(_):
        raise AssertionError

    answer = answered(task(connect=never, made_by="0.0.1"))
    assert isinstance(answer.failed, MachineError)
    assert "0.0.1" in answer.failed.why
    assert answer.failed.next_step == "pip install 'oakum[fleet]==0.0.1'    # on the workers"


def test_an_error_of_ours_comes_back_whole_from_another_process():
    sent = TargetError("not allowed", why="403", next_step="log in")
    came = pickle.loads(pickle.dumps(sent))
    assert (type(came), came.what, came.why, came.next_step) == (TargetError, "not allowed", "403", "log in")


def test_who_owns_a_pod_is_the_same_when_only_a_shard_of_it_is_sent():
    owners = Owners(LabelNames("namespace", "pod", "container", ""))
    where = {"namespace": "shop"}
    pods = {"cart-5d8f7c9b4-x2x9z": "cart-5d8f7c9b4", "till-77bfd6-9q2lk": "till-77bfd6", "odd-x": "odd"}
    owners.add(
        POD_OWNER, [{**where, "pod": pod, "owner_kind": "ReplicaSet", "owner_name": name} for pod, name in pods.items()]
    )
    owners.add(SET_OWNER, [{**where, "replicaset": "cart-5d8f7c9b4", "owner_kind": "Deployment", "owner_name": "cart"}])
    keys = [PodKey("", "shop", pod) for pod in [*pods, "lonely"]]
    few = owners.only(keys)
    assert [few.of(key) for key in keys] == [owners.of(key) for key in keys]
    assert few.of(keys[0]) == Owner("deploy", "cart")
    assert few.of(keys[1]) == Owner("deploy", "till")
    assert few.of(keys[2]) == Owner("replicaset", "odd")


def told(rows):
    """What an answer is made of: names, labels, and every sample."""
    return [
        (
            series.id,
            series.labels,
            series.samples,
            verdict,
            [(life.at_s.tolist(), life.value.tolist(), life.limit is None) for life in series.lifetimes],
        )
        for series, verdict in rows
    ]


def fleet_of(count, seed):
    """Workloads of one to three pods, some of which leak, in shards."""
    chance = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        for _ in range(chance.integers(1, 4)):
            at_s = 60.0 * np.arange(200)
            life = Series(at_s, chance.uniform(1e8, 2e8, 200), np.full(200, 1e9))
            dies_s = float(chance.integers(1, 50) * 600)
            name = (VerdictName.LEAK, VerdictName.SUSPECT, VerdictName.HEALTHY)[chance.integers(0, 3)]
            forecasts = (Forecast("limit", dies_s / 2, dies_s, dies_s * 2),) if name is VerdictName.LEAK else ()
            rows.append((WorkloadSeries(f"w{number}", (life,)), Verdict(name, None, 0.5, 1e8, forecasts=forecasts)))
    return [[row for row in rows if int(row[0].id[1:]) % 7 == part] for part in range(7)]


@pytest.mark.parametrize("seed", range(5))
def test_shards_that_were_folded_elsewhere_make_the_very_same_answer_and_are_small(monkeypatch, seed):
    monkeypatch.setattr(folded_file, "WHOLE", 6)
    shards = fleet_of(60, seed)
    here, there, sent = Folded(), Folded(), 0
    for shard in shards:
        for row in shard:
            here.add(row)
        for series, verdict in folded_file.folded(shard, there.bar):
            there.add((series, verdict))
            sent += sum(len(life) for life in series.lifetimes)
    assert told(there.told()) == told(here.told())
    assert sent < 200 * 60 * 0.75, "nothing was left out"
