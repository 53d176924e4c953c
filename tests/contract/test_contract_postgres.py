"""A real PostgreSQL, and a real pgbouncer before it, as a dependency: what is seen, and one clear error each."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import closing, contextmanager, suppress

import anyio
import psycopg
import pytest
from pgbouncer_server import PgBouncer
from stores import server

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import CallerError, SilentError, TargetError
from oakum.model.postgres import Bouncer
from oakum.postgres import dependency, live

ROLES = """create role watcher login; grant pg_monitor to watcher; create role plain login; create role app login;
create role secret login password 's3cret'"""


@pytest.fixture(scope="module")
def own():
    """A server of its own, with roles, statements' texts, and room for transactions in two phases."""
    with server() as made:
        made.stop()
        made.start("-c", "max_prepared_transactions=2", "-c", "shared_preload_libraries=pg_stat_statements")
        with psycopg.connect(made.database(), autocommit=True) as connection:
            connection.execute(ROLES)
        yield made


@pytest.fixture
def url(own):
    return own.database()


@contextmanager
def client(url, application="shop", **more):
    with psycopg.connect(url, application_name=application, **more) as connection:
        yield connection


def as_role(url, role):
    return url.replace("oakum@", f"{role}@")


def sampled(url, *, wholes=(True,), between=lambda: None):
    """The last of as many samples."""

    async def ask():
        async with dependency(url) as made:
            for number, whole in enumerate(wholes):
                if number:
                    between()
                told = await made.sample(whole=whole)
            return told, made.place

    return anyio.run(ask)


def refused(url, error=TargetError):
    with pytest.raises(error) as raised:
        sampled(url)
    assert raised.value.why
    assert raised.value.next_step
    assert "s3cret" not in f"{raised.value}"
    return raised.value


def test_sessions_of_clients_are_told_and_ours_is_not_among_them(own, url):
    with client(url), client(url, "billing", autocommit=True) as idle:
        idle.execute("select 1")
        told, place = sampled(url)
    assert {(each.application, each.user, each.client) for each in told.sessions} == {
        ("shop", "oakum", "local"),
        ("billing", "oakum", "local"),
    }
    assert all(each.age_s is not None and each.used_s is not None and each.started for each in told.sessions)
    assert (told.room, told.reserved, told.sees_all, told.version // 10000) == (17, 3, True, 15)
    assert place == f"postgresql:///{url.split('/')[3].partition('?')[0]}?host={own.folder}&port=5432"


def test_a_transaction_that_waits_is_told_and_an_open_cursor_by_its_snapshot(url):
    with client(url, "plain") as plain, client(url, "cursor") as other, other.cursor(name="open") as cursor:
        plain.execute("select 1")
        cursor.execute("select generate_series(1, 10000)")
        cursor.fetchone()
        told, _ = sampled(url)
    found = {each.application: (each.state, each.snapshot, each.transaction_s is not None) for each in told.sessions}
    assert found == {"plain": ("idle in transaction", False, True), "cursor": ("idle in transaction", True, True)}


def test_a_cheap_sample_has_no_depth_and_takes_less_of_the_server_s_time(url):
    whole, _ = sampled(url)
    cheap, _ = sampled(url, wholes=(True, False))
    assert whole.depth is not None
    assert cheap.depth is None
    assert 0 < cheap.cost.seconds < whole.cost.seconds


def test_a_role_without_rights_counts_the_same_and_what_is_hidden_is_said(url):
    with client(url), client(url, "billing"):
        told, _ = sampled(as_role(url, "plain"))
        all_of_it, _ = sampled(as_role(url, "watcher"))
    assert len(told.sessions) == len(all_of_it.sessions) == 2
    assert (told.sees_all, all_of_it.sees_all) == (False, True)
    assert {(each.application, each.state, each.age_s) for each in told.sessions} == {
        ("shop", "", None),
        ("billing", "", None),
    }
    missing = told.depth.temp_bytes
    assert isinstance(missing, Absent)
    assert missing.kind is AbsentKind.NOT_PERMITTED
    assert missing.get.startswith("psql 'postgresql:///")
    assert " -c 'GRANT pg_monitor TO \"plain\"'" in missing.get
    assert all_of_it.depth.temp_bytes == 0


def test_limits_prepared_transactions_and_slots_are_told(url):
    database = url.split("/")[3].partition("?")[0]
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"alter role app connection limit 7; alter database {database} connection limit 9")
        admin.execute("select pg_create_physical_replication_slot('forgotten', true)")
        try:
            with client(url) as two:
                two.execute("create table t (a int)")
                two.execute("prepare transaction 'orders-7'")
                told, _ = sampled(as_role(url, "watcher"))
                two.rollback()
            admin.execute("rollback prepared 'orders-7'")
        finally:
            admin.execute("select pg_drop_replication_slot('forgotten'); alter role app connection limit -1")
    depth = told.depth
    assert (depth.role_limits["app"], depth.database_limits[database], depth.replica) == (7, 9, False)
    (held,) = depth.prepared
    assert (held.gid, held.owner, held.database) == ("orders-7", "oakum", database)
    (slot,) = depth.slots
    assert (slot.name, slot.kind, slot.active, slot.retained_bytes >= 0) == ("forgotten", "physical", False, True)


def test_what_idle_connections_did_last_is_told_without_its_values(url, monkeypatch):
    monkeypatch.setattr(live, "LONG_IDLE_S", 0.0)
    with client(url, autocommit=True) as idle:
        idle.execute("select 1")
        missing, _ = sampled(url, wholes=(True, True))
        idle.execute("create extension pg_stat_statements")
        idle.execute("select 'card 4111' as paid")
        told, _ = sampled(url, wholes=(True, True))
    assert isinstance(missing.depth.queries, Absent)
    assert missing.depth.queries.get == "CREATE EXTENSION pg_stat_statements"
    (text,) = told.depth.queries.values()
    assert text == "select $1 as paid"


def test_what_was_no_query_is_told_by_its_first_word(url, monkeypatch):
    monkeypatch.setattr(live, "LONG_IDLE_S", 0.0)
    with client(url, autocommit=True) as idle:
        idle.execute("create extension pg_stat_statements")
        idle.execute("set app.jwt = 'eyJSECRET'")
        told, _ = sampled(url, wholes=(True, True))
    assert set(told.depth.queries.values()) == {"set …"}


def test_a_database_whose_encoding_nobody_knows_is_read_like_others(url):
    made = "café"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"create database \"{made}\" encoding 'SQL_ASCII' locale 'C' template template0")
    there = url.replace(f"/{behind(url)}?", "/caf%C3%A9?")
    with client(there, autocommit=True) as idle:
        idle.execute("select 1")
        told, place = sampled(there)
    (found,) = told.sessions
    assert (found.application, found.state, found.database, found.client) == ("shop", "idle", made, "local")
    assert told.depth.settings["max_connections"] == "20"
    assert "oakum" in told.depth.superusers
    assert made in {each.name for each in told.depth.databases}
    assert (told.user, f"/{made}?" in place) == ("oakum", True)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"user": "nobody_here"}, "there is no such database or role"),
        ({"dbname": "not_there"}, "there is no such database or role"),
        ({"host": "/tmp/no-server-here"}, "is not there"),
        ({"host": "127.0.0.1", "port": "1"}, "is not there"),
        ({"host": "no-such-host.invalid"}, "is not there"),
    ],
)
def test_what_cannot_be_reached_is_one_clear_error(own, url, change, what):
    words = {"user": "oakum", "password": "s3cret", "dbname": "postgres", "host": str(own.folder), **change}
    query = "&".join(f"{name}={value}" for name, value in words.items() if name not in {"user", "password", "dbname"})
    address = f"postgresql://{words['user']}:s3cret@/{words['dbname']}?{query}"
    assert what in refused(address).what


def test_an_address_that_cannot_be_read_does_not_say_its_password():
    with pytest.raises(CallerError) as raised:
        dependency("postgresql://me:s3cret%@db/shop")
    assert "s3cret" not in str(raised.value)


@contextmanager
def rules(own, *lines):
    """The server with these lines as its pg_hba.conf."""
    file = own.folder / "rules"
    file.write_text("local all oakum trust\n" + "".join(f"{line}\n" for line in lines))
    file.chmod(0o644)
    own.stop()
    own.start("-c", f"hba_file={file}")
    yield
    own.stop()
    own.start()


def test_a_wrong_password_and_a_role_that_may_not_come_in_are_told_apart():
    with server() as made:
        url = made.database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(ROLES)
        with rules(made, "local all secret scram-sha-256", "local all plain reject"):
            wrong = refused(url.replace("oakum@", "secret:s3cret-not@"))
            none = refused(as_role(url, "secret"))
            shut = refused(as_role(url, "plain"))
            unlisted = refused(as_role(url, "app"))
            told, _ = sampled(url.replace("oakum@", "secret:s3cret@"))
    assert "refused to let secret in" in wrong.what
    assert "refused to let secret in" in none.what
    assert "PGPASSWORD" in wrong.next_step
    assert "does not let this machine, role and database in" in shut.what
    assert "does not let this machine, role and database in" in unlisted.what
    assert told.user == "secret"


@contextmanager
def listening(serve):
    """A port of the kernel's choice; ``serve`` is given each connection."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def accept():
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def without_tls(connection):
    """As a server without TLS answers to SSLRequest."""
    with connection:
        connection.recv(8)
        connection.sendall(b"N")
        connection.recv(1 << 16)


def web_server(connection):
    with connection:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_tls_that_is_refused_says_how_to_ask(own):
    with listening(without_tls) as port:
        assert "no TLS to" in refused(f"postgresql://me:s3cret@127.0.0.1:{port}/shop?sslmode=require").what


def test_what_is_no_postgresql_is_told(own):
    with listening(web_server) as port:
        what = refused(f"postgresql://me:s3cret@127.0.0.1:{port}/shop").what
    assert "does not speak PostgreSQL's protocol" in what


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(live, "CONNECT_S", 0.1)
    over = threading.Event()

    def silent(connection):
        with connection:
            over.wait()

    with listening(silent) as port:
        error = refused(f"postgresql://me:s3cret@127.0.0.1:{port}/shop", SilentError)
        over.set()
    assert "does not answer" in error.what


def test_a_server_that_falls_silent_is_given_up_and_asked_again(url, monkeypatch):
    monkeypatch.setattr(live, "ANSWER_S", 0.3)

    async def ask():
        async with dependency(url) as made:
            await made.sample(whole=True)
            pid = made._connection.info.backend_pid
            os.kill(pid, signal.SIGSTOP)
            try:
                with pytest.raises(SilentError, match="does not answer"):
                    await made.sample(whole=False)
            finally:
                os.kill(pid, signal.SIGCONT)
            return await made.sample(whole=False)

    assert anyio.run(ask).room == 17


def test_a_server_that_is_full_says_so_and_what_to_do(own, url):
    held = []
    try:
        with suppress(psycopg.OperationalError):
            while len(held) < 100:
                held.append(psycopg.connect(as_role(url, "app")))
        error = refused(as_role(url, "plain"))
        told, _ = sampled(url)
    finally:
        for connection in held:
            connection.close()
    assert "has no connection left" in error.what
    assert "grep '^postgres:'" in error.next_step
    assert len(told.sessions) == told.room == 17


def test_a_session_that_the_server_ends_is_told_and_the_next_question_connects_again(url):
    async def ask():
        async with dependency(url) as made:
            await made.sample(whole=False)
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", [made._connection.info.backend_pid])
            with pytest.raises(TargetError):
                await made.sample(whole=False)
            return await made.sample(whole=True)

    assert anyio.run(ask).depth is not None


def test_a_server_that_is_started_again_tells_another_start():
    with server() as made:
        url = made.database()

        async def ask():
            async with dependency(url) as asked:
                first = await asked.sample(whole=False)
                made.stop("immediate")
                with pytest.raises(TargetError):
                    await asked.sample(whole=False)
                with pytest.raises(TargetError, match="is not there"):
                    await asked.sample(whole=False)
                made.start()
                return first, await asked.sample(whole=False)

        first, second = anyio.run(ask)
    assert second.started_s > first.started_s


@pytest.fixture(scope="module")
def bouncer(own):
    with closing(PgBouncer(own)) as made:
        yield made


def behind(url):
    return url.split("/")[3].partition("?")[0]


def test_pgbouncer_is_recognised_and_its_console_asked(url, bouncer):
    with client(bouncer.url(behind(url), "app"), prepare_threshold=None) as one:
        one.execute("select 1")
        told, _ = sampled(bouncer.url(behind(url), "watcher"))
    found = told.depth.bouncer
    assert isinstance(found, Bouncer)
    assert (found.most_clients, found.pool_size) == (100, 4)
    assert [each.application for each in found.clients if each.database == behind(url)] == ["shop"]
    pool = next(pool for pool in found.pools if (pool.database, pool.user) == (behind(url), "app"))
    assert (pool.clients, pool.servers, pool.mode) == (1, 1, "transaction")


def test_a_console_that_does_not_let_us_in_is_absent_and_a_server_itself_is_no_bouncer(url, bouncer):
    through, _ = sampled(bouncer.url(behind(url)))
    straight, _ = sampled(url)
    assert isinstance(through.depth.bouncer, Absent)
    assert through.depth.bouncer.get == "stats_users = oakum in pgbouncer.ini, then RELOAD"
    assert straight.depth.bouncer is None


def test_the_console_itself_is_no_database(bouncer):
    error = refused(bouncer.url("pgbouncer", "watcher"))
    assert "is pgbouncer's own console" in error.what


def test_nothing_of_ours_stays_in_a_session_that_a_pooler_hands_on(url, bouncer):
    sampled(bouncer.url(behind(url), "app"))
    with psycopg.connect(bouncer.url(behind(url), "app"), autocommit=True, prepare_threshold=None) as next_one:
        rows = [next_one.execute(f"show {name}").fetchone()[0] for name in ("statement_timeout", "lock_timeout")]
        rows.append(next_one.execute("show default_transaction_read_only").fetchone()[0])
    assert rows == ["0", "0", "off"]
