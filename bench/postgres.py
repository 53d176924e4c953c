"""What a PostgreSQL server pays for being asked: its own time a sample, with N connections of 20 applications.

``python -m bench.postgres [CONNECTIONS...]``. The server is Debian's, started here, and tells the duration of each
message of ours in its log (log_min_duration_statement = 0); beside it stands what the answers themselves tell.
"""

from __future__ import annotations

import re
import statistics
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import anyio
import psycopg

from oakum.postgres import dependency

sys.path.append(str(Path(__file__).parents[1] / "tests" / "fakes"))
from postgres_server import PostgresServer

SAMPLES = 20
APART_S = 0.2
APPLICATIONS = 20
OPTIONS = (
    "shared_preload_libraries=pg_stat_statements",
    "log_min_duration_statement=0",
    "log_line_prefix=%a|",
    "shared_buffers=16MB",
)


async def asked(url: str) -> tuple[list[float], list[float]]:
    """Seconds of the server's time, as its answers tell: of whole samples, of those in between."""
    whole, between = [], []
    async with dependency(url) as server:
        whole.append((await server.sample(whole=True)).cost.seconds)
        for _ in range(SAMPLES):
            await anyio.sleep(APART_S)
            between.append((await server.sample(whole=False)).cost.seconds)
        whole.append((await server.sample(whole=True)).cost.seconds)
    return whole, between


def measured(connections: int) -> str:
    options = [word for option in (f"max_connections={connections + 20}", *OPTIONS) for word in ("-c", option)]
    with closing(PostgresServer(*options)) as server, ExitStack() as held:
        url = server.database()
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("CREATE EXTENSION pg_stat_statements")
        for number in range(connections):
            name = f"app{number % APPLICATIONS}"
            client = held.enter_context(psycopg.connect(url, application_name=name, autocommit=True))
            client.execute("SELECT %s::int + 1", [number])
        whole, between = anyio.run(asked, url)
        log = (server.folder / "log").read_text(encoding="utf-8", errors="replace")
    logged = [float(found) for found in re.findall(r"^oakum\|.*duration: ([\d.]+) ms", log, re.MULTILINE)]
    return (
        f"{connections} connections: {1000 * statistics.median(between):.1f} ms a sample in between (at most"
        f" {1000 * max(between):.1f}), {1000 * whole[0]:.1f} and {1000 * whole[1]:.1f} ms the whole ones;"
        f" by the server's log {max(logged):.1f} ms the longest of {len(logged)} messages"
    )


if __name__ == "__main__":
    for given in sys.argv[1:] or ("20", "250"):
        print(measured(int(given)), flush=True)
