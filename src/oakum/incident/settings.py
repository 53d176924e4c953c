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


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long evidence is kept, and in how much room."""

    keep_s: float = 2_592_000.0
    """How long the evidence of an incident is kept after its closing, in seconds: 30 days."""

    budget_bytes: int | None = None
    """How much all evidence together may take; None: as much as it takes."""

    unnamed: bool = True
    """Evidence that no record names goes too. False where another record may keep its own in the same place."""
