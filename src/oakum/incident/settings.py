"""What people say once about their incidents."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.model.incident import Runbook


@dataclass(frozen=True, slots=True)
class IncidentSettings:
    """``[incident]`` of ``oakum.toml``; "" is "nobody has said it"."""

    owner: str = ""
    """Who is asked first."""

    impact_user: str = ""
    """What users notice when the service dies."""

    impact_business: str = ""
    """What that costs."""

    contacts: tuple[str, ...] = ()
    """Whom to tell at level 1, 2, 3: a name with a channel, an address or a number each."""

    runbook: Runbook = field(default_factory=Runbook)
    """``[incident.runbook]``: the written procedure, with ``related`` ones."""
