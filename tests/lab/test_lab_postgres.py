"""``oakum investigate postgresql://…`` on a real PostgreSQL: clients that leak connections, and one that does not."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import psycopg
import pytest
from pgbouncer_server import PgBouncer
from postgres_server import PostgresServer
from programs import ROOT, Lines, answered, oakum

from oakum import investigate as investigated

pytestmark = pytest.mark.lab

CLIENTS = ROOT / "lab" / "postgres"
ROOM = ("-c", "max_connections=63")
POLICY = "[policy]\nidle_transaction_s = 3\n"


@pytest.fixture(scope="module")
def server():
    with closing(PostgresServer(*ROOM, "-c", "shared_preload_libraries=pg_stat_statements")) as made:
        with psycopg.connect(made.database(), autocommit=True) as admin:
            admin.execute("create role watcher login; grant pg_monitor to watcher; create role app login")
        yield made


@pytest.fixture
def url(server):
    """Of an empty database, as the role that its applications have."""
    made = server.database()
    with psycopg.connect(made, autocommit=True) as admin:
        admin.execute("create extension pg_stat_statements")
    return made.replace("oakum@", "app@")


@contextmanager
def client(name, *arguments):
    """Runs until the block is left; it has said that it is ready."""
    command = [sys.executable, CLIENTS / f"{name}.py", *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        try:
            assert Lines(started.stdout.fileno()).next() == "ready"
            yield
        finally:
            started.kill()


@pytest.fixture
def investigate(tmp_path):
    """Runs it as ``watcher``, and gives the run and its answer."""
    (tmp_path / "oakum.toml").write_text(POLICY)

    def run(url, *options, role="watcher"):
        address = url.replace("app@", f"{role}@")
        environment = {"OAKUM_CONFIG": str(tmp_path / "oakum.toml"), "OAKUM_STORE": str(tmp_path / "oakum.db")}
        done = oakum("investigate", address, "-o", "json", *options, environment=environment)
        return done, answered(done)

    return run


def cost_ms(answer):
    """(of the dearest sample, of one in between): the server's own time."""
    (asked,) = (row for row in answer["evidence"] if row["id"] == "asked")
    between = asked["title"].rpartition(", ")[2].partition(" ms")[0]
    return f"{1000 * asked['facts']['most_s']:.1f}", between


def row(what, run, answer):
    verdict, first = answer["verdict"], next(iter(answer["causes"]), {"cause": "-", "holder": "-"})
    return what, verdict["verdict"], first["cause"], first["holder"], *cost_ms(answer), f"{run.seconds:.1f}"


def test_a_client_that_gives_no_connection_back_is_named_with_its_state_and_last_statement(
    url, investigate, postgres_row
):
    with client("bounded", url, 4), client("leaking", url, 2, 50), client("forgotten", url):
        run, answer = investigate(url, "--for", "6s")
        postgres_row(*row("a leaking client, a forgotten transaction and a pool", run, answer))
    first, second = answer["causes"]
    assert (run.code, answer["verdict"]["verdict"]) == (1, "leak"), answer["verdict"]
    assert (first["cause"], first["holder"]) == ("connection-pool", "shop as app: idle")
    assert any("SELECT $1::int + $2 AS total" in why for why in first["why"]), first["why"]
    assert first["retained_bytes"] > 0
    assert second["holder"] == "billing as app: idle in transaction"
    assert "an open cursor" in second["why"][0]
    assert answer["verdict"]["forecast"]["boundary"] == "max_connections"
    assert answer["incident"]
    pool = next(told for told in answer["evidence"] if told["facts"].get("application") == "api")
    assert (pool["facts"]["first"], pool["facts"]["last"], pool["facts"]["left"]) == (4, 4, 0)


def test_transactions_that_are_never_ended_are_named_by_their_state(url, investigate, postgres_row):
    with client("leaking", url, 2, 50, "transaction"):
        run, answer = investigate(url, "--for", "6s")
        postgres_row(*row("a client that ends no transaction", run, answer))
    assert (run.code, answer["causes"][0]["holder"]) == (1, "shop as app: idle in transaction")
    assert any("idle_in_transaction_session_timeout" in step["command"] for step in answer["plan"]["steps"])


def test_a_bounded_pool_is_healthy_and_opens_no_incident(url, investigate, postgres_row):
    with client("bounded", url, 8):
        run, answer = investigate(url, "--for", "6s")
        postgres_row(*row("a pool of 8", run, answer))
    assert (run.code, answer["verdict"]["verdict"], answer["causes"]) == (0, "healthy", [])
    assert (answer["incident"], answer["absent"]) == (None, [])


def test_pgbouncer_hides_a_leak_from_its_server_and_its_console_tells_it(server, url, investigate, postgres_row):
    with closing(PgBouncer(server)) as bouncer:
        through = bouncer.url(url.split("/")[3].partition("?")[0], "app")
        with client("bounded", through, 4), client("leaking", through, 2, 40):
            run, answer = investigate(through, "--for", "6s")
            postgres_row(*row("a leaking client behind pgbouncer", run, answer))
    assert (run.code, answer["causes"][0]["holder"]) == (1, "shop as app at pgbouncer: idle")
    assert answer["verdict"]["level"] <= 10
    assert answer["verdict"]["forecast"]["boundary"] == "max_client_conn"


def test_a_replica_tells_of_itself_and_so_does_the_python_twin(server):
    with closing(server.replica(*ROOM)) as replica:
        url = f"postgresql://watcher:s3cret@/postgres?host={replica.folder}"
        found = investigated(url, watch_s=5.0, interval_s=1.0, incident=False)
    assert (found.verdict.name, found.incident) == ("healthy", None)
    assert found.evidence[0].facts["replica"] is True
    assert "a replica" in found.evidence[0].title
    assert "s3cret" not in repr(found)


def stopped(server, url):
    """As soon as Oakum has asked for some samples; it is told when it never does."""
    asked, given_up_s = set(), time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as seer:
        while len(asked) < 3 and time.monotonic() < given_up_s:
            # Messages of a sample follow each other at once, and the next one's come a second later.
            rows = seer.execute(
                "select query_start from pg_stat_activity where application_name = 'oakum' and state = 'idle'"
                " and query like 'BEGIN READ ONLY%' and query_start < now() - interval '0.3 s'"
            )
            asked.update(rows.fetchall())
            time.sleep(0.02)
    server.stop("immediate")


def test_a_server_that_goes_down_in_the_watch_leaves_a_partial_answer(investigate):
    with closing(PostgresServer()) as made:
        url = made.database()
        gone = threading.Thread(target=stopped, args=(made, url))
        gone.start()
        run, answer = investigate(url, "--for", "5s", role="oakum")
        gone.join()
        made.start()
    assert (run.code, answer["partial"]) == (3, True)
    assert "did not answer to the end" in run.err
    assert "is not there" in answer["absent"][-1]["why"]
    assert "Traceback" not in run.err
