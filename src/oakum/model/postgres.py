"""What a PostgreSQL server tells of itself at one moment. No text of a statement with its values is among it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from oakum.model.absent import Absent
from oakum.model.admission import Instance
from oakum.model.evidence import Cost

IN_TRANSACTION: Final = frozenset({"idle in transaction", "idle in transaction (aborted)"})
"""States of a session that has begun a transaction and lets the server wait."""

IDLE: Final = IN_TRANSACTION | {"idle"}


@dataclass(frozen=True, slots=True)
class Session:
    """One connection of a client. Seconds are ages by the server's clock at the sample.

    ``state``: as pg_stat_activity has it, "" where that is hidden from us, with all that is None then. ``client``: an
    address, "local" for a Unix socket. ``used_s``: since it changed its state. ``transaction_s``: since its transaction
    began, None where it is in none. ``snapshot``: it holds back the removal of dead rows (backend_xmin); of one that is
    idle in transaction at READ COMMITTED that is an open cursor. ``query_id``: of its last statement, 0 where none is
    told. ``port``: of the client, with its address; 0 for a Unix socket, or where it is hidden.
    """

    pid: int
    started: float
    database: str
    user: str
    application: str
    client: str
    state: str
    age_s: float | None = None
    used_s: float | None = None
    transaction_s: float | None = None
    snapshot: bool = False
    query_id: int = 0
    port: int = 0

    @property
    def id(self) -> tuple[int, float]:
        """A pid is used again; with the moment of its start it is not."""
        return self.pid, self.started

    @property
    def idle(self) -> bool:
        return self.state in IDLE

    @property
    def in_transaction(self) -> bool:
        return self.state in IN_TRANSACTION


@dataclass(frozen=True, slots=True)
class DatabaseCounts:
    """Of one database, since ``reset``; counts only grow. None: this version does not count it."""

    name: str
    backends: int
    read_blocks: int
    hit_blocks: int
    temp_files: int
    temp_bytes: int
    deadlocks: int
    sessions: int | None = None
    abandoned: int | None = None


@dataclass(frozen=True, slots=True)
class ReplicationSlot:
    """``retained_bytes``: of WAL that is kept for it, None where that cannot be told."""

    name: str
    kind: str
    active: bool
    retained_bytes: int | None
    wal_status: str = ""


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    """A transaction in two phases that waits for its second one, for ``age_s`` seconds."""

    gid: str
    owner: str
    database: str
    age_s: float


@dataclass(frozen=True, slots=True)
class BouncerPool:
    """One pool of pgbouncer: clients that it serves, clients that wait (the first for ``waited_s``), its servers."""

    database: str
    user: str
    clients: int
    waiting: int
    servers: int
    idle_servers: int
    waited_s: float
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Bouncer:
    """What pgbouncer's console tells. ``clients``: their connections to it, as if it were the server; the one that
    waits for a server is in the state "waiting". ``most_clients``: max_client_conn; ``pool_size``: default_pool_size.
    """

    version: str
    pools: tuple[BouncerPool, ...]
    clients: tuple[Session, ...]
    most_clients: int | None = None
    pool_size: int | None = None


@dataclass(frozen=True, slots=True)
class PostgresDepth:
    """What whole samples hold besides. ``role_limits``, ``database_limits``: connections allowed at most, by name.

    ``superusers``: roles that no such limit binds. ``settings``: as pg_settings has them. ``queries``: texts without
    their values, by query id; Absent says why not. ``bouncer``: None where we are connected to the server itself.
    ``replica``: it replays another server's log. ``memory``: anonymous bytes of each client's backend by pid, where
    this machine can see them. ``clients``: the processes of this machine that hold connections, by its id.
    """

    replica: bool
    settings: Mapping[str, str] = field(default_factory=dict)
    role_limits: Mapping[str, int] = field(default_factory=dict)
    database_limits: Mapping[str, int] = field(default_factory=dict)
    superusers: frozenset[str] = frozenset()
    databases: tuple[DatabaseCounts, ...] = ()
    slots: tuple[ReplicationSlot, ...] | Absent = ()
    prepared: tuple[PreparedTransaction, ...] | Absent = ()
    temp_bytes: int | Absent | None = None
    queries: Mapping[int, str] | Absent = field(default_factory=dict)
    bouncer: Bouncer | Absent | None = None
    memory: Mapping[int, int] | Absent = field(default_factory=dict)
    clients: Mapping[tuple[int, float], Instance] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostgresSample:
    """``sessions``: of clients; ours is not among them. ``room``: how many ordinary clients there may be.

    ``version``: as in server_version_num: 150004. ``started_s``: UTC epoch seconds by the server's clock.
    ``sees_all``: whether we may see what other users' sessions do. ``depth``: None in a cheap sample.
    """

    at_s: float
    started_s: float
    version: int
    version_text: str
    sessions: tuple[Session, ...]
    room: int
    reserved: int
    user: str
    sees_all: bool
    cost: Cost = field(default_factory=Cost)
    depth: PostgresDepth | None = None

    @property
    def level(self) -> float:
        return float(len(self.sessions))

    @property
    def limit(self) -> float:
        return float(self.room)
