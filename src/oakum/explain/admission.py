"""What a PostgreSQL or a Redis server admits, and who is connected to it, out of a sample of it. Pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from oakum.model.admission import Admission, Connection, Endpoint
from oakum.model.postgres import PostgresSample, Session
from oakum.model.redis import Client, RedisSample

MAX_CONNECTIONS: Final = "max_connections"
MAXCLIENTS: Final = "maxclients"
_PORT: Final = re.compile("[0-9]{1,5}")


def of_postgres(sample: PostgresSample, place: str) -> Admission:
    connections = tuple(map(_session, sample.sessions))
    host, port = _end(place, 5432)
    # By its own word too: what is published at another port listens at this one.
    told = "" if sample.depth is None else sample.depth.settings.get("port", "")
    reached = frozenset({(host, port), (host, int(told) if told.isdecimal() else port)})
    most, taken = sample.room, len(connections)
    return Admission("PostgreSQL", place, MAX_CONNECTIONS, most, taken, sample.at_s, connections, reached)


def of_redis(sample: RedisSample, place: str) -> Admission:
    """Of one server: of a cluster each node admits as many, and a client is connected to several."""
    alone = sample.servers[0] if len(sample.servers) == 1 else None
    connections = tuple(_client(each) for each in sample.clients or () if each.kind in {"client", "subscriber"})
    most, taken = (None, None) if alone is None else (alone.most_clients, alone.clients)
    # One of them is ours.
    known = max((taken or 1) - 1, len(connections))
    reached = frozenset(_end(each, 6379) for each in (place, *(server.place for server in sample.servers)))
    return Admission("Redis", place, MAXCLIENTS, most, known, sample.at_s, connections, reached)


def _end(place: str, port: int) -> Endpoint:
    """``port``: where the place names none. The host is "" of a Unix socket; libpq tells an IPv6 address bare."""
    parts = urlsplit(place)
    host, _, named = parts.netloc.rpartition(":")
    of_socket = parse_qs(parts.query).get("port", [""])[-1]
    if named.isdecimal():
        return host.strip("[]"), int(named)
    return parts.netloc, int(of_socket) if of_socket.isdecimal() else port


def _session(session: Session) -> Connection:
    who = f"{session.application or '(no application_name)'} as {session.user or '(no role)'}"
    return Connection(who, session.client, session.port, session.age_s)


def _client(client: Client) -> Connection:
    address, _, port = client.address.rpartition(":")
    who = f"{client.name or '(no name)'} as {client.user or 'default'}"
    return Connection(who, address.strip("[]"), int(port) if _PORT.fullmatch(port) else 0, float(client.age_s))
