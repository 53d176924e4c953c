"""``python -m bench.prometheus.peer URL HOURS STEP_S``: what people write by hand: one query, one data frame, a slope.

Needs prometheus-api-client and pandas, in whatever environment it is started with.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import numpy as np
from prometheus_api_client import MetricRangeDataFrame, PrometheusConnect

END_S = 1_717_200_000


def main(url: str, hours: str, step_s: str) -> None:
    end = datetime.fromtimestamp(END_S, UTC)
    found = PrometheusConnect(url=url).custom_query_range(
        'container_memory_rss{container!="",container!="POD"}', end - timedelta(hours=float(hours)), end, step_s
    )
    frame = MetricRangeDataFrame(found)
    slopes = {}
    for pod, rows in frame.groupby("pod"):
        seconds = rows.index.astype("int64").to_numpy() / 1e9
        slopes[pod] = float(np.polyfit(seconds - seconds[0], rows["value"].to_numpy(float), 1)[0])
    worst = sorted(slopes, key=slopes.__getitem__, reverse=True)[:12]
    print(len(slopes), len(frame), *worst)


if __name__ == "__main__":
    main(*sys.argv[1:])
