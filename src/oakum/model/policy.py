"""One policy instead of five runbooks' numbers: every threshold with its unit and a sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """``[policy]`` of ``oakum.toml``; a field that is not set there keeps the default below."""

    warn_share: float = 0.80
    """Share of the limit at which a person should look."""

    critical_share: float = 0.90
    """Share of the limit at which a person should act."""

    imminent_share: float = 0.97
    """Share of the limit at which a kill may come at any moment."""

    imminent_s: float = 900.0
    """A p10 forecast under this many seconds is imminent too."""

    urgent_s: float = 14400.0
    """A p50 forecast of a leak under this many seconds asks a person to act."""

    assess_budget_s: float = 30.0
    """From opening to the first assessment, in seconds."""

    recover_budget_s: float = 60.0
    """From the first assessment until it is stabilised, in seconds."""

    stabilise_budget_s: float = 300.0
    """Where the first phase (stabilise) ends on the incident's clock, in seconds."""

    root_cause_budget_s: float = 1800.0
    """Where the second phase (root cause) ends on the incident's clock, in seconds; the third (fix) has no end."""

    escalate_1_s: float = 900.0
    """When the first level is to be told, on the incident's clock, in seconds."""

    escalate_2_s: float = 1800.0
    """When the second level is to be told, in seconds."""

    escalate_3_s: float = 3600.0
    """When the third level is to be told, in seconds."""

    idle_transaction_s: float = 60.0
    """A session of a database that has been idle within a transaction for longer has forgotten it, in seconds."""

    quick_check_s: float = 3600.0
    """How long memory must stay flat after a fix for the quick check, in seconds."""

    closing_window_s: float = 172800.0
    """How long it must stay flat before an incident closes, in seconds."""

    closing_share: float = 0.80
    """Share of the limit that must not be passed within the closing window."""

    plan_expiry_s: float = 900.0
    """A plan that was shown longer ago than this many seconds is not applied: look again."""

    limit_margin_share: float = 0.10
    """A memory limit is never set below present use plus this share of it."""

    raised_share: float = 0.60
    """A limit that was too small is raised so that present use is this share of the new one."""

    change_lasts_s: float = 86400.0
    """A raised limit is meant for this many seconds: by then it is confirmed where it is configured, or undone."""

    stop_grace_s: float = 30.0
    """How long a process that was asked to end may take, in seconds."""

    scans_kept: float = 60.0
    """So many kept scans of one source stay, a number; the last of each name stays beyond that."""

    scans_kept_s: float = 2592000.0
    """A kept scan goes after this many seconds, unless it is the last of its name."""
