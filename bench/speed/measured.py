"""What one process measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """``seconds``: of the answers alone, without generating. ``peak_mib``: of all processes, with one chunk of series.

    ``resting_mib``: before the first chunk, with all that is imported and compiled. ``cpu_s``: of all processes, in the
    same time; where it is below ``seconds`` others took the cores.
    """

    method: str
    series: int
    cores: int
    seconds: float
    cpu_s: float
    peak_mib: float
    resting_mib: float

    @property
    def each_us(self) -> float:
        return 1e6 * self.seconds / self.series


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from nothing: importing, the first answer, the second one; once for one series, once for many."""

    import_s: float
    first_s: float
    second_s: float
    batch_first_s: float
    batch_second_s: float
