"""A server of the Prometheus family that answers from series that it holds: as much of PromQL as a scan asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from metric_server import Asked, MetricServer, Reply, success
from numpy.typing import NDArray

Row = tuple[Mapping[str, str], NDArray[np.float64]]

MIB = float(1 << 20)


class MetricStore(MetricServer):
    """``times``: of all samples; ``rows``: labels with ``__name__``, and a value for each time.

    ``before``: called with each request first; what it returns is said instead.
    """

    def __init__(self, times, rows: Sequence[Row], before: Callable[[Asked], Reply | None] = lambda _: None) -> None:
        self.times, self.rows, self.before = times, rows, before
        super().__init__(self._reply)

    def _reply(self, asked: Asked) -> Reply:
        instead = self.before(asked)
        if instead is not None:
            return instead
        form = {name: values[0] for name, values in asked.form.items()}
        told = self._data(asked.path.removeprefix("/api/v1/").split("/"), form, asked.form.get("match[]", []))
        return Reply(b"not found", 404) if told is None else success(told)

    def _data(self, path, form, matching):
        found = [labels for text in matching for labels, _ in self._found(text)]
        match path:
            case ["status", "buildinfo"]:
                return {"version": "2.42.0", "revision": "fake"}
            case ["metadata"]:
                return {}
            case ["series"]:
                return [dict(labels) for labels in found]
            case ["labels"]:
                return sorted({name for labels in found for name in labels})
            case ["label", label, "values"]:
                return sorted({labels[label] for labels in found if label in labels})
            case ["query"]:
                at = float(form["time"])
                return self._matrix(form["query"], self.times[(self.times > at - 1800) & (self.times <= at)])
            case ["query_range"]:
                start, end, step = (float(form[name]) for name in ("start", "end", "step"))
                return self._matrix(form["query"], start + step * np.arange(int((end - start) / step) + 1))
        return None

    def _matrix(self, query, at):
        result = [
            {
                "metric": dict(labels),
                "values": [
                    [float(when), repr(float(each))]
                    for when, each in zip(at, np.interp(at, self.times, value), strict=True)
                ],
            }
            for labels, value in self._found(query)
        ]
        return {"resultType": "matrix", "result": result}

    def _found(self, text):
        name, inside = re.search(r"([a-zA-Z_:]*)\{(.*)\}", text).groups() if "{" in text else (text, "")
        wanted = re.findall(r'(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"', inside)
        for labels, value in self.rows:
            if name in {"", labels["__name__"]} and all(_has(labels, *each) for each in wanted):
                yield labels, value


def _has(labels, label, how, value):
    text = value.replace('\\"', '"').replace("\\\\", "\\")
    told = labels.get(label, "")
    same = told == text if "~" not in how else bool(re.fullmatch(text, told))
    return same != how.startswith("!")


def containers(times, *, namespaces: int, each: int) -> list[Row]:
    """Memory, limit and owner of each: every fourth leaks, every fifth climbs and falls, the others stay flat.

    The last one of each namespace tells what no memory can be.
    """
    found: list[Row] = []
    at = np.linspace(0, 1, times.size)
    for space in range(namespaces):
        for number in range(each):
            where = {"namespace": f"team-{space}", "pod": f"app-{number}-0"}
            value = np.full(times.size, (60 + number) * MIB) + np.sin(at * 900 + number) * MIB / 4
            if number % 4 == 1:
                value = value + (200 + 10 * space) * MIB * np.maximum(0, at - 0.3)
            elif number % 5 == 2:
                value = value + 30 * MIB * np.sin(at * 6)
            if number == each - 1:
                value = -value
            ones = np.ones(times.size)
            container = {**where, "container": "main"}
            owner = {"owner_kind": "StatefulSet", "owner_name": f"app-{number}"}
            limit = {"resource": "memory", "unit": "byte"}
            found += [
                ({"__name__": "container_memory_rss", **container, "id": f"/kubepods/{space}/{number}"}, value),
                ({"__name__": "container_memory_working_set_bytes", **container, "id": f"/k/{space}/{number}"}, value),
                ({"__name__": "kube_pod_container_resource_limits", **container, **limit}, ones * 1024 * MIB),
                ({"__name__": "kube_pod_owner", **where, **owner}, ones),
            ]
    return found
