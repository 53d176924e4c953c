"""The servers that the suite of metrics runs against, all with the same planted time in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.metrics.planted import World, cluster
from lab.metrics.servers import prometheus, victoria_metrics

CONTAINERS = 24
STEP_S = 60.0


def planted() -> World:
    return cluster(CONTAINERS)


@contextmanager
def real_prometheus(folder: Path) -> Iterator[str]:
    """It takes no query of more than 20,000 samples: a scan has to halve what it asks for."""
    with on_prometheus(folder, planted(), "--query.max-samples=20000") as address:
        yield address


@contextmanager
def real_victoria(folder: Path) -> Iterator[str]:
    with on_victoria(folder, planted(), "-search.maxSamplesPerQuery=20000") as address:
        yield address


@contextmanager
def on_prometheus(folder: Path, world: World, *arguments: str) -> Iterator[str]:
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        pytest.skip("no prometheus here: apt-get install prometheus")
    with prometheus(folder, world, *arguments) as address:
        yield address


@contextmanager
def on_victoria(folder: Path, world: World, *arguments: str) -> Iterator[str]:
    if not shutil.which("victoria-metrics"):
        pytest.skip("no victoria-metrics here: apt-get install victoria-metrics")
    with victoria_metrics(folder, world, *arguments) as address:
        yield address
