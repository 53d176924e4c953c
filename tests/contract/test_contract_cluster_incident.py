"""A cluster's workload on record: opened once, gone on with, its kills told once, whole when the cluster goes away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_contract_cluster_workload import PODS, elsewhere, node_itself, run, world

from oakum.act.plan import Wish
from oakum.incident import IncidentSettings
from oakum.kube import cluster as open_cluster
from oakum.loop import act
from oakum.loop import incident as journey
from oakum.loop.in_cluster import ClusterSettings, investigate_workload
from oakum.loop.progress import Silent
from oakum.loop.record import Recorder, investigate_on_record
from oakum.loop.seen_before import on_record
from oakum.model.errors import CallerError, TargetError
from oakum.model.incident import Answer, EntryKind, Severity
from oakum.model.policy import Policy
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName
from oakum.model.work import Holder
from oakum.render import incident_html, incident_markdown, story_to_json
from oakum.store import open_store
from oakum.store.place import FilePlace

__all__ = ["world"]

TARGET = "deploy/shop/native-requests"
POD = next(pod["metadata"] for pod in PODS if pod["metadata"]["labels"]["app"] == "native-requests")


class Workers:
    def this(self):
        return Holder("here", "boot", 100, 5)

    def gone(self, holder):
        return holder != self.this()


@pytest.fixture
def recorder(tmp_path):
    store = open_store(FilePlace(tmp_path / "oakum.db"), blobs="")
    yield Recorder(store, Workers(), "ann", Policy(), IncidentSettings())
    store.close()


def looked(world, recorder, machine, target=TARGET, verdict=VerdictName.SUSPECT, **options):
    """One look of a second, as the command takes it; so short a one is called what the test wants."""

    def opens():
        return open_cluster(environment={"KUBECONFIG": str(world.kubeconfig)}, home=world.kubeconfig.parent)

    def look():
        settings = ClusterSettings(1.0, execute=False, before=on_record(recorder.store))
        found = investigate_workload(
            parse_target(target), cluster=opens, machine=machine, settings=settings, progress=Silent()
        )
        return replace(found, verdict=replace(found.verdict, name=verdict))

    return investigate_on_record(target, look, recorder, now_s=machine.clock.now_s(), **options).investigation


def later(seconds):
    machine = node_itself()
    machine.clock.sleep_until(machine.clock.monotonic_s() + seconds)
    return machine


def kills_of(recorder, number=1):
    return [entry for entry in recorder.store.incidents.record(number).timeline if entry.kind is EntryKind.KILL]


def test_looked_at_again_the_incident_goes_on_no_kill_is_told_twice_and_samples_are_joined(world, recorder):
    first = looked(world, recorder, node_itself(), alert="OOMKilled")
    assert first.incident == "inc-1"
    told = kills_of(recorder)
    assert len(told) == len(first.kills) >= 1
    assert all("oom-killed" in entry.text and "%" in entry.text for entry in told)
    again = looked(world, recorder, later(60))
    assert again.incident == "inc-1"
    assert kills_of(recorder) == told
    assert again.series.samples > again.watched[0].samples == first.watched[0].samples
    assert again.series.lifetimes[0].at_s[0] == first.series.lifetimes[0].at_s[0]
    record = recorder.store.incidents.record(1)
    assert len(record.assessed) == 2
    assert record.incident.identity == f"{first.series.labels['server']}: {TARGET}/app"
    assert record.incident.triage.answer is Answer.YES
    assert recorder.store.works.unfinished() == []


def test_a_pod_of_it_is_part_of_the_same_incident_and_what_is_seen_elsewhere_doubles_no_kill(world, recorder):
    looked(world, recorder, node_itself())
    told = kills_of(recorder)
    machine = elsewhere()
    machine.clock.sleep_until(machine.clock.monotonic_s() + 60)
    assert looked(world, recorder, machine, target=f"pod/shop/{POD['name']}").incident == "inc-1"
    assert kills_of(recorder) == told


def test_a_cluster_that_goes_away_in_between_leaves_the_incident_whole_and_the_same_command_goes_on(world, recorder):
    looked(world, recorder, node_itself())
    before = recorder.store.incidents.record(1)
    world.fake.stop()
    with pytest.raises(TargetError, match="does not answer"):
        looked(world, recorder, later(60))
    assert recorder.store.incidents.record(1) == before
    assert journey.left(recorder).lines == ()
    world.fake.start()
    assert looked(world, recorder, later(120), verdict=VerdictName.HEALTHY).incident == "inc-1"
    assert recorder.store.incidents.record(1).incident.triage.answer is Answer.NO


def test_the_report_shows_the_workload_s_parts_and_names_are_words_in_it(world, recorder):
    looked(world, recorder, node_itself())
    story = journey.story(recorder, 1, now_s=None)
    page = incident_html(story)
    assert page == incident_html(journey.story(recorder, 1, now_s=None))
    assert page.count("oom-killed</span>") == len(kills_of(recorder))
    assert f"<b>{POD['name']}</b> / app" in page
    assert "node lab: " in page
    assert "the limit of: container (96.0 MiB)" in page
    assert "oom-killed" in incident_markdown(story)
    assert [row["kind"] for row in story_to_json(story)["timeline"]].count("kill") == len(kills_of(recorder))
    assert story.record.incident.severity is Severity.P3


def test_what_acts_on_this_machine_refuses_an_incident_of_a_cluster_and_says_what_goes_on(world, recorder):
    looked(world, recorder, node_itself())
    bench = type("Bench", (), {"store": recorder.store})
    with pytest.raises(CallerError, match=f"inc-1 is about {TARGET}") as raised:
        act.plan("inc-1", Wish(), bench=bench)
    assert "oakum incident report inc-1" in raised.value.next_step


def test_the_command_opens_the_record_that_store_names_and_what_cannot_be_told_opens_no_incident(world):
    place = world.kubeconfig.parent / "kept.db"
    done = run(world, "deploy/shop/deaf", "--alert", "OOMKilled", "--store", str(place))
    assert done.returncode == 5, done.stderr
    assert "on record" not in done.stderr
    store = open_store(FilePlace(place), blobs="")
    assert (store.incidents.list(closed=True), store.works.unfinished()) == ([], [])
    store.close()
