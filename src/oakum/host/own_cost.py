"""What this very process and those that it started have cost so far."""

from __future__ import annotations

import resource

from oakum.host.own_memory import anonymous_bytes
from oakum.model.own_cost import OwnCost


class LiveOwnCosts:
    """``OwnCosts`` of the ports."""

    def now(self) -> OwnCost:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return OwnCost(
            own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime, anonymous_bytes(), own.ru_maxrss * 1024
        )
