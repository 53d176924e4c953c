"""Connection pools of a process: what their settings are, and what is wrong about a setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PoolSetting:
    """``name``: as the library documents it. ``where``: what it was read from.

    ``value``: as written; "" for one that is no number, duration or known word: that may be a secret. ``spelled``: its
    name there; "" within an address.
    """

    library: str
    name: str
    value: str
    where: str
    spelled: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool. ``where``: under which name it is set (``spring.datasource.hikari``, ``DATABASE_URL``).

    ``settings``: by name, those that were found; others have the library's defaults, as far as the code leaves them.
    """

    library: str
    where: str
    settings: Mapping[str, PoolSetting] = field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """None: it was not found."""
        setting = self.settings.get(name)
        return None if setting is None else setting.value


@dataclass(frozen=True, slots=True)
class PoolServer:
    """What a server that was asked admits: ``admits`` clients, None where none was asked. ``kind``: PostgreSQL, Redis.

    ``replicas``: of the workload that asks it.
    """

    kind: str = ""
    admits: int | None = None
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class PoolReading:
    """The pools of one process, of which ``processes`` run alike. ``asked``: the server that it is measured by.

    ``server``: a PostgreSQL server, without a login.

    ``read``: what was looked at.
    """

    pools: tuple[Pool, ...] = ()
    server: str = ""
    processes: int = 1
    read: tuple[str, ...] = ()
    asked: PoolServer = field(default_factory=PoolServer)

    @property
    def instances(self) -> int:
        return self.asked.replicas * self.processes


@dataclass(frozen=True, slots=True)
class PoolRule:
    """One row of the table. ``wrong``: when the setting is wrong, one of ``unset``, ``= text``, ``< n``, ``> n``,
    ``n to m``.

    ``fix``: the line to set where there is none; ``better``: the value to write where there is one. Both are examples.
    ``grave``: a pool set so can leak or grow without anybody being told.
    """

    id: str
    library: str
    setting: str
    wrong: tuple[str, ...]
    meaning: str
    fix: str
    better: str
    grave: bool = False
