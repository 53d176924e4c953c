"""``oakum investigate postgresql://…``: how a dependency is asked, and what is not for one."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote
from typing import TYPE_CHECKING, Final

from oakum import wiring
from oakum.model.errors import TargetError
from oakum.model.target import DependencyTarget, Target

if TYPE_CHECKING:
    from oakum.loop.progress import Progress
    from oakum.model.assessment import Investigation
    from oakum.model.pool import PoolServer

NOT_FOR_IT: Final = "a dependency is asked over the network: no process is looked into, and nothing is stopped"
"""Why options of other targets are refused."""


def asker(
    target: DependencyTarget, *, watch_s: float | None, interval_s: float | None
) -> Callable[[Progress, object], Investigation]:
    """What asks it. Raises CallerError at once for what cannot be meant."""
    from oakum.loop.dependency import DependencySettings, investigate_dependency  # noqa: PLC0415
    from oakum.loop.dependency_kinds import kind_of  # noqa: PLC0415

    kind = kind_of(target)
    settings = DependencySettings.of(watch_s=watch_s, interval_s=interval_s, policy=wiring.policy())
    opened = wiring.dependency(target)

    def asked(told: Progress, _: object) -> Investigation:
        return investigate_dependency(
            target,
            kind=kind,
            opened=opened,
            machine=wiring.machine(),
            settings=settings,
            progress=told,
        )

    return asked


def asked_beside(
    target: Target, url: str
) -> Callable[[Progress, Callable[[PoolServer], Investigation]], Investigation]:
    """What looks at a workload together with a server that it talks to. Raises CallerError for what cannot be meant."""
    from oakum.loop.dependency import DependencySettings  # noqa: PLC0415
    from oakum.loop.dependency_kinds import kind_of  # noqa: PLC0415
    from oakum.loop.with_dependency import beside, investigate_with  # noqa: PLC0415

    dependency = beside(target, url)
    kind, opened = kind_of(dependency), wiring.dependency(dependency)
    settings = DependencySettings.of(policy=wiring.policy())

    def asked(told: Progress, look: Callable[[PoolServer], Investigation]) -> Investigation:
        return investigate_with(
            target,
            dependency,
            kind=kind,
            opened=opened,
            machine=wiring.machine(),
            settings=settings,
            progress=told,
            look=look,
        )

    return asked


def cut_short(target: DependencyTarget) -> TargetError:
    return TargetError(
        f"{target} did not answer to the end",
        why="what is said above is partial: the last sample is missing",
        next_step=f"oakum investigate {quote(str(target))}",
    )
