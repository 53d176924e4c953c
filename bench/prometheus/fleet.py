"""A fleet's memory as OpenMetrics text: one leak in each thousand containers, sawtooths, and the flat rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

END_S = 1_717_200_000
MIB = 2.0**20
LEAK_EVERY = 1000
"""Of so many containers the first leaks."""


def write(file: Path, containers: int, hours: int, step_s: int = 60) -> int:
    """How many samples of memory there are."""
    at = np.arange(END_S - hours * 3600 + step_s, END_S + 1, step_s)
    moments = [f" {moment}\n" for moment in at.tolist()]
    with file.open("w", encoding="ascii") as out:
        out.write("# TYPE container_memory_rss gauge\n")
        for number in range(containers):
            head = f'container_memory_rss{{{_labels(number)},id="/kubepods/{number:06d}"}} '
            values = map(str, _bytes(number, at).tolist())
            out.write("".join([head + value + moment for value, moment in zip(values, moments, strict=True)]))
        for lines in _beside(containers, at[:: max(1, 1800 // step_s)].tolist(), at[-15:].tolist()):
            out.write(lines)
        out.write("# EOF\n")
    return containers * at.size


def _beside(containers: int, seldom: list[int], last: list[int]) -> Iterator[str]:
    limits = 'resource="memory",unit="byte"'
    for name, more, value, times in (
        ("container_memory_working_set_bytes", 'id="/kubepods/{:06d}"', 300 * MIB, last),
        ("container_start_time_seconds", 'id="/kubepods/{:06d}"', END_S - 40 * 86_400, seldom),
        ("kube_pod_container_resource_limits", limits, 1024 * MIB, seldom),
        ("kube_pod_owner", 'owner_kind="ReplicaSet",owner_name="svc-{:06d}-6b7f9c8d5"', 1, seldom),
    ):
        yield f"# TYPE {name} gauge\n"
        for number in range(containers):
            head = f"{name}{{{_labels(number)},{more.format(number)}}} {value:.0f} "
            yield "".join([f"{head}{moment}\n" for moment in times])


def _labels(number: int) -> str:
    return f'namespace="team-{number % 40:02d}",pod="svc-{number:06d}-6b7f9c8d5-x2k9p",container="app"'


def _bytes(number: int, at: np.ndarray) -> np.ndarray:
    chance = np.random.default_rng(number)
    level = 50 + number % 311
    age = (at - at[0]) / 3600
    noise = chance.normal(0, 0.3, at.size)
    if number % LEAK_EVERY == 0:
        curve = level + 12 * age
    elif number % 3 == 0:
        curve = level * (1 + (age / (0.5 + number % 7 / 4)) % 1)
    else:
        curve = np.full(at.size, float(level))
    return (np.maximum(curve + noise, 1) * MIB).astype(np.int64)
