"""``python -m lab.metrics prometheus|victoria [CONTAINERS [HOURS]]``: plants, starts one server, and waits for ^C.

``python -m lab.metrics record FOLDER``: asks both servers what a scan asks, and keeps their answers there.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from lab.metrics.planted import cluster
from lab.metrics.servers import prometheus, victoria_metrics

SERVERS = {"prometheus": prometheus, "victoria": victoria_metrics}

# Asked to end, it leaves the blocks below, which stop the servers.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
which = sys.argv[1] if len(sys.argv) > 1 else "prometheus"
with tempfile.TemporaryDirectory(prefix="oakum-metrics-") as folder:
    if which == "record":
        from lab.metrics.recorded import record

        world = cluster(12)
        for name, started in SERVERS.items():
            with started(Path(folder) / name, world) as address:
                record(Path(sys.argv[2]) / f"{name}.json", address, world.end_s)
    else:
        containers = int(sys.argv[2]) if len(sys.argv) > 2 else 200
        hours = float(sys.argv[3]) if len(sys.argv) > 3 else 12.0
        world = cluster(containers, hours=hours)
        with SERVERS[which](Path(folder), world) as address:
            print(f"{address}  as of {world.end_s:.0f}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
