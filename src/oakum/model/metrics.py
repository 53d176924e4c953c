"""A server of the Prometheus family as Oakum sees it: the port, and what its calls give. Every call crosses a network.

The port raises OakumError families only: TargetError (no answer, not allowed), TooMuchError (ask for less at once),
SpentError (the budget is used up), DataError (an answer that cannot be read).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from oakum.model.series import Floats

LabelSet: TypeAlias = Mapping[str, str]

LOGIN: Final = (
    "url",
    "tenant",
    "token",
    "token_file",
    "user",
    "password",
    "password_file",
    "authority_file",
    "certificate_file",
    "key_file",
    "headers",
)
"""Fields of ``[prometheus]`` in oakum.toml; the environment has them as OAKUM_PROMETHEUS_…. ``headers`` is a table."""


_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """As PromQL writes a label value."""
    return '"' + "".join(_ESCAPES.get(letter, letter) for letter in text) + '"'


@dataclass(frozen=True, slots=True)
class Matcher:
    """``label``, one of ``= != =~ !~``, and a value as it is, not escaped."""

    label: str
    how: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.how}{quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Selected:
    """Series of a metric; its text is PromQL. ``every_s``: how often they are sampled, None where that is not known.

    ``only``: the value that steps must have to be told, None for any.
    """

    metric: str
    matchers: tuple[Matcher, ...]
    every_s: float | None = None
    only: float | None = None

    def __str__(self) -> str:
        return f"{self.metric}{{{','.join(map(str, self.matchers))}}}"


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start_s`` to ``end_s`` (UTC epoch, both included), a sample each ``step_s`` seconds."""

    start_s: float
    end_s: float
    step_s: float

    @property
    def points(self) -> int:
        return int((self.end_s - self.start_s) / self.step_s) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """One series of an answer. ``at_s``: float64[n], strictly increasing; ``value``: float64[n], all finite."""

    labels: LabelSet
    at_s: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class QueryBudget:
    """How hard a server may be asked."""

    at_once: int = 4
    """Requests that are under way side by side."""

    seconds: float = 600.0
    """After so long nothing more is asked."""

    most_bytes: int = 4 << 30
    """After so many bytes of answers, as they were sent, nothing more is asked."""

    remote_read: bool = True
    """Whether a server may be asked for its chunks as they are, where that is less than what it would evaluate."""


@dataclass(slots=True)
class Asked:
    """What was asked of the server. ``refused``: answers that said "not now"; ``warnings``: its own, each once.

    ``partial``: it said that it did not tell all; ``ahead_s``: its clock before ours, None where it does not tell.
    ``chunks``: requests that were answered by remote read; ``evaluated``: why none is, "" where there is no reason.
    ``through``: the API server by which it is reached, "" where it is asked itself.
    """

    requests: int = 0
    bytes: int = 0
    refused: int = 0
    warnings: dict[str, None] = field(default_factory=dict)
    partial: bool = False
    ahead_s: float | None = None
    chunks: int = 0
    evaluated: str = ""
    through: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """Which server answers. ``product``: Prometheus, VictoriaMetrics, Mimir, Thanos; "" where it does not tell."""

    product: str
    version: str

    def __str__(self) -> str:
        return f"{self.product or 'a server of the Prometheus family'} {self.version}".strip()


class MetricsServer(Protocol):
    """``place``: its address, without anything secret."""

    @property
    def place(self) -> str: ...

    @property
    def asked(self) -> Asked: ...

    async def about(self) -> About:
        """Also proves that the address is such a server's."""

    async def instant(self, query: str, at_s: float) -> tuple[Samples, ...]:
        """As of one moment; of a range selector all its samples."""

    async def over(self, query: str, span: Span) -> tuple[Samples, ...]:
        """As many questions as the server's limit of points per series needs; one answer."""

    async def last(self, selected: Selected, span: Span) -> tuple[Samples, ...]:
        """Of each step the last that was sampled within it, by whichever way costs less."""

    async def series(self, matchers: Sequence[str], span: Span) -> tuple[LabelSet, ...]:
        """The labels of all series that any of ``matchers`` selects and that may have samples in ``span``."""

    async def label_names(self, matchers: Sequence[str], span: Span) -> tuple[str, ...]: ...

    async def label_values(self, label: str, matchers: Sequence[str], span: Span) -> tuple[str, ...]: ...

    async def metadata(self, metric: str) -> str:
        """Its type: gauge, counter, …; "" where nobody told."""
