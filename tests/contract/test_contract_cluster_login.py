"""Who Oakum is to an API server: login programs and tokens that fail, expire or are renewed, over real HTTP."""

from __future__ import annotations

from contextlib import aclosing

import pytest
import yaml
from clusters import fake_cluster, kubeconfig, next_of, off
from kube_server import TOKEN, Run

from oakum.kube import cluster as open_cluster
from oakum.model.cluster_pod import ContainerName
from oakum.model.errors import MachineError, RefusedError, TargetError


@pytest.fixture
def world(tmp_path):
    with fake_cluster(tmp_path) as made:
        yield made


@pytest.fixture
def anyio_backend():
    return "asyncio"


pytestmark = pytest.mark.anyio


def login_program(folder, script, **told):
    program = folder / "login"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login", **told}}


def with_user(world, user):
    told = yaml.safe_load(world.kubeconfig.read_text())
    told["users"][0]["user"] = user
    world.kubeconfig.write_text(yaml.safe_dump(told))


CREDENTIAL = '{"kind":"ExecCredential","status":{"token":"%s"%s}}'


async def test_a_token_that_has_expired_is_one_error_with_how_to_log_in(world):
    with_user(world, {"token": "old"})
    async with world.open() as cluster:
        with pytest.raises(TargetError, match="does not know us") as raised:
            await cluster.pods(world.namespace)
    assert "expired" in raised.value.why
    assert "whoami" in raised.value.next_step
    assert "old" not in str(raised.value)


async def test_a_login_program_is_asked_once_and_again_when_its_token_is_refused(world, tmp_path):
    (tmp_path / "token").write_text("old")
    script = f"""echo asked >> {tmp_path}/asked
case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 9;; esac
printf '{CREDENTIAL % ("%s", "")}' "$(cat {tmp_path}/token)" """
    with_user(world, login_program(tmp_path, script, env=[{"name": "A", "value": "b"}]))
    world.fake.state.tokens.add("old")
    async with world.open() as cluster:
        await cluster.pods("")
        await cluster.pods("")
        assert (tmp_path / "asked").read_text().count("asked") == 1
        world.fake.state.tokens.discard("old")
        (tmp_path / "token").write_text(TOKEN)
        await cluster.pods("")
    assert (tmp_path / "asked").read_text().count("asked") == 2


async def test_a_token_that_expires_soon_is_renewed_before_it_is_refused(world, tmp_path):
    expiry = ',"expirationTimestamp":"2020-01-01T00:00:00Z"'
    script = f"echo asked >> {tmp_path}/asked; printf '{CREDENTIAL % (TOKEN, expiry)}'"
    with_user(world, login_program(tmp_path, script))
    async with world.open() as cluster:
        await cluster.pods("")
        await cluster.pods("")
    assert (tmp_path / "asked").read_text().count("asked") == 2


@pytest.mark.parametrize(
    ("script", "why"),
    [("echo 'no session: log in' >&2; exit 1", "no session: log in"), ("echo secret-token", "no ExecCredential")],
)
async def test_a_login_program_that_fails_is_told_without_what_it_printed(world, tmp_path, script, why):
    with_user(world, login_program(tmp_path, script))
    async with world.open() as cluster:
        with pytest.raises(TargetError, match="login program") as raised:
            await cluster.pods("")
    assert why in raised.value.why
    assert "secret-token" not in str(raised.value)


async def test_a_login_program_that_is_missing_is_told_with_its_own_hint(world):
    plugin = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "oakum-no-such", "installHint": "get it"}
    with_user(world, {"exec": plugin})
    async with world.open() as cluster:
        with pytest.raises(MachineError, match="oakum-no-such is not here") as raised:
            await cluster.pods("")
    assert raised.value.next_step == "get it"


async def test_a_token_file_that_was_renewed_is_read_again(world, tmp_path):
    (tmp_path / "token").write_text("stale")
    with_user(world, {"tokenFile": "token"})
    world.fake.state.tokens = {"stale", TOKEN}
    async with world.open() as cluster:
        await cluster.pods("")
        world.fake.state.tokens = {TOKEN}
        (tmp_path / "token").write_text(f"{TOKEN}\n")
        await cluster.pods("")


async def test_a_watch_and_a_program_outlive_the_login_that_they_began_with(world, tmp_path):
    world.make_pod("cart")
    (tmp_path / "token").write_text("first")
    with_user(world, {"tokenFile": "token"})
    world.fake.state.tokens = {"first", TOKEN}
    world.fake.state.programs["true"] = lambda *_: Run()
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        assert [(await next_of(changes)).kind.value for _ in range(2)] == ["added", "synced"]
        world.fake.state.tokens = {"second", TOKEN}
        (tmp_path / "token").write_text("second")
        await off(world.fake.break_off)
        await off(world.make_pod, "news")
        assert (await next_of(changes)).item.name == "news"
        world.fake.state.tokens = {"third", TOKEN}
        (tmp_path / "token").write_text("third")
        done = await cluster.run(ContainerName(world.namespace, "cart", "app"), ["true"], within_s=20)
    assert done.code == 0


async def test_a_watch_bears_a_login_program_that_fails_once_and_one_that_never_worked_ends_it(world, tmp_path):
    world.make_pod("cart")
    (tmp_path / "token").write_text("first")
    script = f"""[ -e {tmp_path}/down ] && {{ echo again > {tmp_path}/failed; rm {tmp_path}/down; exit 1; }}
printf '{CREDENTIAL % ("%s", "")}' "$(cat {tmp_path}/token)" """
    with_user(world, login_program(tmp_path, script))
    world.fake.state.tokens = {"first", TOKEN}
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        assert [(await next_of(changes)).kind.value for _ in range(2)] == ["added", "synced"]
        world.fake.state.tokens = {"second", TOKEN}
        (tmp_path / "token").write_text("second")
        (tmp_path / "down").touch()
        await off(world.fake.break_off)
        await off(world.make_pod, "news")
        assert (await next_of(changes)).item.name == "news"
    assert (tmp_path / "failed").exists()


async def test_a_cluster_that_proves_nothing_is_refused_unless_it_is_asked_for(world, tmp_path):
    kubeconfig(tmp_path / "insecure", world.fake.url, **{"insecure-skip-tls-verify": True})
    environment = {"KUBECONFIG": str(tmp_path / "insecure")}
    with pytest.raises(RefusedError, match="is not spoken to"):
        open_cluster(environment=environment, home=tmp_path)
    async with open_cluster(environment=environment, home=tmp_path, insecure=True) as cluster:
        assert (await cluster.version()).startswith("v1.")
