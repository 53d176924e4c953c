"""By which names settings of pools are known: one row a library. Data.

Names are compared without case, dots, dashes and underscores: ``SPRING_DATASOURCE_HIKARI_MAXLIFETIME`` is
``spring.datasource.hikari.max-lifetime``. Sources: the documentation of each library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oakum.model.runtime import RuntimeName


@dataclass(frozen=True, slots=True)
class Name:
    """``name``: as documented. ``spelled``: what a setting's name ends in, the longer first.

    ``sure``: no other library has such one.
    """

    name: str
    spelled: tuple[str, ...]
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Library:
    """``words``: one of them stands before a name that is not sure, or a sure name of the same pool beside it.

    ``others``: names that another library has beside the same ones. ``schemes``: of addresses that imply such a pool.
    ``implied``: a setting that implies one.
    """

    name: str
    runtime: RuntimeName
    words: tuple[str, ...]
    names: tuple[Name, ...]
    others: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    implied: str = ""


POSTGRESQL: Final = ("postgresql", "postgres")

LIBRARIES: Final = (
    Library(
        "HikariCP",
        RuntimeName.JVM,
        ("hikari",),
        (
            Name("maximumPoolSize", ("maximumpoolsize",)),
            Name("minimumIdle", ("minimumidle",)),
            Name("idleTimeout", ("idletimeout",)),
            Name("maxLifetime", ("maxlifetime",)),
            Name("leakDetectionThreshold", ("leakdetectionthreshold",), sure=True),
            Name("connectionTimeout", ("connectiontimeout",)),
        ),
        implied="springdatasourceurl",
    ),
    Library(
        "Lettuce",
        RuntimeName.JVM,
        ("lettuce",),
        (
            Name("max-active", ("poolmaxactive",)),
            Name("max-wait", ("poolmaxwait",)),
            Name("time-between-eviction-runs", ("timebetweenevictionruns",)),
        ),
    ),
    Library(
        "Jedis",
        RuntimeName.JVM,
        ("jedis",),
        (
            Name("max-active", ("poolmaxactive", "maxtotal")),
            Name("max-wait", ("poolmaxwait", "maxwait", "maxwaitmillis")),
            Name("time-between-eviction-runs", ("timebetweenevictionruns", "timebetweenevictionrunsmillis")),
        ),
    ),
    Library(
        "SQLAlchemy",
        RuntimeName.CPYTHON,
        ("sqlalchemy",),
        (
            Name("pool_size", ("poolsize",)),
            Name("max_overflow", ("maxoverflow",), sure=True),
            Name("pool_recycle", ("poolrecycle",), sure=True),
            Name("poolclass", ("poolclass",), sure=True),
            Name("pool_enabled", ("poolenabled",)),
            Name("pool_pre_ping", ("poolpreping",), sure=True),
        ),
    ),
    Library(
        "psycopg_pool",
        RuntimeName.CPYTHON,
        ("psycopg",),
        (
            Name("min_size", ("minsize",)),
            Name("max_size", ("maxsize",)),
            Name("max_waiting", ("maxwaiting",), sure=True),
            Name("max_lifetime", ("maxlifetime",)),
            Name("max_idle", ("maxidle",)),
        ),
    ),
    Library(
        "redis-py",
        RuntimeName.CPYTHON,
        ("redis",),
        (Name("max_connections", ("maxconnections",)),),
        schemes=("redis", "rediss", "valkey", "valkeys"),
    ),
    Library(
        "pgxpool",
        RuntimeName.GO,
        ("pgx",),
        (
            Name("pool_max_conns", ("poolmaxconns",), sure=True),
            Name("pool_min_conns", ("poolminconns",), sure=True),
            Name("pool_max_conn_lifetime", ("poolmaxconnlifetime",), sure=True),
            Name("pool_max_conn_idle_time", ("poolmaxconnidletime",), sure=True),
        ),
        schemes=POSTGRESQL,
    ),
    Library(
        "database/sql",
        RuntimeName.GO,
        (),
        (
            Name("SetMaxOpenConns", ("maxopenconns", "maxopenconn", "maxopenconnections"), sure=True),
            Name("SetConnMaxLifetime", ("connmaxlifetime",), sure=True),
        ),
    ),
    Library(
        "node-postgres",
        RuntimeName.NODE,
        ("postgres", "pgpool"),
        (
            Name("idleTimeoutMillis", ("idletimeoutmillis",), sure=True),
            Name("connectionTimeoutMillis", ("connectiontimeoutmillis",), sure=True),
            Name("maxLifetimeSeconds", ("maxlifetimeseconds",), sure=True),
            Name("max", ("max",)),
        ),
        # knex and its kin, whose pools have other defaults.
        others=("acquiretimeoutmillis", "createtimeoutmillis", "reapintervalmillis"),
    ),
    Library(
        "ioredis",
        RuntimeName.NODE,
        ("redis",),
        (
            Name("maxRetriesPerRequest", ("maxretriesperrequest",), sure=True),
            Name("enableOfflineQueue", ("enableofflinequeue",), sure=True),
        ),
    ),
)

FILES: Final = {
    RuntimeName.JVM: (
        "config/application-{profile}.properties",
        "config/application-{profile}.yml",
        "config/application.properties",
        "config/application.yml",
        "application-{profile}.properties",
        "application-{profile}.yml",
        "application.properties",
        "application.yml",
        "application.yaml",
        "hikari.properties",
    ),
    RuntimeName.NODE: (".env", "config/{profile}.json", "config/default.json", "config/config.json", "config.json"),
    RuntimeName.CPYTHON: (
        ".env",
        "config.toml",
        "config.yml",
        "config.yaml",
        "config.json",
        "config.ini",
        "airflow.cfg",
    ),
    RuntimeName.GO: (".env", "config.yml", "config.yaml", "config.json", "config.toml", "config/config.yml"),
}
"""Where each looks in its working directory: what counts more first."""

PROFILES: Final = {RuntimeName.JVM: "SPRING_PROFILES_ACTIVE", RuntimeName.NODE: "NODE_ENV"}
"""Which variable names the profile."""
