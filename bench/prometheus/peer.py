"""``python -m bench.prometheus.peer URL HOURS whole|namespaces``: what people write by hand: a data frame, a slope.

Needs prometheus-api-client and pandas, in whatever environment it is started with. ``whole`` asks for all series at
once, ``namespaces`` for those of one namespace after the other, so that one frame is in memory at a time.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
from prometheus_api_client import MetricRangeDataFrame, PrometheusConnect

END_S = 1_717_200_000
LEAK = "container_memory_rss"


def main(url: str, hours: str, how: str) -> None:
    server = PrometheusConnect(url=url)
    end = datetime.fromtimestamp(END_S, UTC)
    begin = end - timedelta(hours=float(hours)) + timedelta(minutes=1)
    chosen = ['container!="",container!="POD"']
    if how == "namespaces":
        chosen = [f'{chosen[0]},namespace="{name}"' for name in server.get_label_values("namespace")]
    slopes, samples = {}, 0
    for each in chosen:
        found = server.custom_query_range(f"{LEAK}{{{each}}}", begin, end, "60")
        frame = MetricRangeDataFrame(found)
        samples += len(frame)
        for pod, rows in frame.groupby("pod"):
            seconds = rows.index.astype("int64").to_numpy() / 1e9
            slopes[pod] = float(np.polyfit(seconds - seconds[0], rows["value"].to_numpy(float), 1)[0])
    worst = sorted(slopes, key=slopes.__getitem__, reverse=True)[:100]
    print(json.dumps({"series": len(slopes), "samples": samples, "worst": worst}))


if __name__ == "__main__":
    main(*sys.argv[1:])
