"""What goes wrong with a watch of an API server, over real HTTP: lived through, or told as one clear error."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import anyio
import pytest
from clusters import fake_cluster, next_of, off

from oakum.kube.config import find_access
from oakum.kube.live import connected
from oakum.kube.pace import PaceSettings
from oakum.kube.watching import WatchSettings
from oakum.model.cluster import ChangeKind
from oakum.model.errors import TargetError


@pytest.fixture
def world(tmp_path):
    with fake_cluster(tmp_path) as made:
        yield made


@pytest.fixture
def anyio_backend():
    return "asyncio"


pytestmark = pytest.mark.anyio


async def test_a_watch_goes_on_where_it_was_after_its_connection_broke(world):
    world.make_pod("first")
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        assert [(await next_of(changes)).kind.value for _ in range(2)] == ["added", "synced"]
        for turn in range(3):
            await off(world.make_pod, f"made-{turn}")
            seen = await next_of(changes)
            assert (seen.item.name, seen.relisted) == (f"made-{turn}", False)
            await off(world.fake.break_off)
        assert cluster.calls.by_verb["list pods"] == 1


async def test_a_watch_whose_version_is_forgotten_lists_again_and_tells_what_differs(world):
    for name in ("stays", "changes", "goes"):
        world.make_pod(name)
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        while (await next_of(changes)).kind is not ChangeKind.SYNCED:
            pass
        world.fake.stop()
        world.fake.state.bookmark_s = 60
        # While the server is down, what it knows changes all the same: another one may have served.
        state = world.fake.state
        del state.objects["pods", world.namespace, "goes"]
        state.version += 1
        state.objects["pods", world.namespace, "changes"]["metadata"]["resourceVersion"] = str(state.version)
        world.fake.forget()
        world.fake.start()
        told = [await next_of(changes) for _ in range(2)]
    assert {(seen.kind.value, seen.item.name, seen.relisted) for seen in told} == {
        ("gone", "goes", True),
        ("changed", "changes", True),
    }


async def test_bookmarks_carry_a_quiet_watch_past_what_is_forgotten(world):
    world.make_pod("quiet")
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        assert [(await next_of(changes)).kind.value for _ in range(2)] == ["added", "synced"]
        for turn in range(5):
            body = {"metadata": {"name": f"other-{turn}"}}
            await off(world.ask, "POST", "/api/v1/namespaces", body)
        asked = len(world.fake.state.asked)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_pull, changes)
            # Several bookmarks come by meanwhile.
            await anyio.sleep(world.fake.state.bookmark_s * 6)
            await off(world.fake.forget)
            await off(world.make_pod, "news")
        assert not [line for line in world.fake.state.asked[asked:] if "limit=" in line]


async def _pull(changes):
    assert (await next_of(changes)).item.name == "news"


async def test_a_watch_ends_with_an_error_when_the_server_stays_away_too_long(world):
    access = find_access({"KUBECONFIG": str(world.kubeconfig)}, Path("/nowhere"))
    hasty = WatchSettings(lasts_s=5, first_wait_s=0.01, longest_wait_s=0.02, patience_s=0.1)
    async with connected(access, watch=hasty) as cluster, aclosing(cluster.watch_pods()) as changes:
        assert (await next_of(changes)).kind is ChangeKind.SYNCED
        await off(world.fake.stop)
        with pytest.raises(TargetError, match="does not answer"):
            await next_of(changes)


async def test_a_watch_whose_server_is_not_there_from_the_start_ends_before_its_patience_with_one_that_was(world):
    access = find_access({"KUBECONFIG": str(world.kubeconfig)}, Path("/nowhere"))
    settings = WatchSettings(first_wait_s=0.01, longest_wait_s=0.02, first_patience_s=0.2, patience_s=900)
    await off(world.fake.stop)
    async with connected(access, watch=settings) as cluster, aclosing(cluster.watch_pods()) as changes:
        with pytest.raises(TargetError, match="does not answer"):
            await next_of(changes)
    await off(world.fake.start)


async def test_watches_that_end_at_once_are_not_asked_for_as_fast_as_can_be(world):
    world.fake.state.mute_watches = True
    access = find_access({"KUBECONFIG": str(world.kubeconfig)}, Path("/nowhere"))
    settings = WatchSettings(lasts_s=5, first_wait_s=0.1, longest_wait_s=0.2, patience_s=0.6, relist_after=99)
    fast = PaceSettings(per_s=10_000, burst=10_000)
    async with connected(access, pace=fast, watch=settings) as cluster, aclosing(cluster.watch_pods()) as changes:
        assert (await next_of(changes)).kind is ChangeKind.SYNCED
        with pytest.raises(TargetError, match="before it told anything"):
            await next_of(changes)
    assert cluster.calls.by_verb["watch pods"] < 10


async def test_a_watch_whose_connection_says_nothing_is_made_anew_and_misses_nothing(world):
    """Its other end may be gone: nothing tells a dead connection from a quiet cluster but that time goes by."""
    access = find_access({"KUBECONFIG": str(world.kubeconfig)}, Path("/nowhere"))
    world.fake.state.bookmark_s = 3600.0
    settings = WatchSettings(lasts_s=1, grace_s=0.1, first_wait_s=0.01, longest_wait_s=0.02)
    async with connected(access, watch=settings) as cluster, aclosing(cluster.watch_pods()) as changes:
        assert (await next_of(changes)).kind is ChangeKind.SYNCED
        async with anyio.create_task_group() as group:

            async def later():
                with anyio.fail_after(60):
                    while cluster.calls.by_verb.get("watch pods", 0) < 2:  # noqa: ASYNC110  (nothing tells it)
                        await anyio.sleep(0.05)
                await off(world.make_pod, "news")

            group.start_soon(later)
            with anyio.fail_after(60):
                assert (await anext(changes)).item.name == "news"


def test_a_silent_connection_is_given_up_no_later_than_client_go_gives_up_one():
    assert WatchSettings().lasts_s + WatchSettings().grace_s <= 45


async def test_a_watch_that_is_forbidden_says_so_at_once(world):
    world.fake.state.forbidden.add(("watch", "pods"))
    async with world.open() as cluster, aclosing(cluster.watch_pods()) as changes:
        assert (await next_of(changes)).kind is ChangeKind.SYNCED
        with pytest.raises(TargetError, match="not allowed to watch pods"):
            await next_of(changes)
