"""The record's rules: which states, how bad, is it true, when whom to tell. Pure: time and settings are arguments."""

from oakum.incident.identity import identity, within
from oakum.incident.kills import telling
from oakum.incident.likeness import likeness
from oakum.incident.machine import MOVES, Event, allowed, moved, picture
from oakum.incident.opening import FOUND, Finding, recording
from oakum.incident.phases import standing
from oakum.incident.retention import GRACE_S, expiring, retention
from oakum.incident.saying import captured, escalated, moving, noted
from oakum.incident.settings import IncidentSettings, Keeping

__all__ = [
    "FOUND",
    "GRACE_S",
    "MOVES",
    "Event",
    "Finding",
    "IncidentSettings",
    "Keeping",
    "allowed",
    "captured",
    "escalated",
    "expiring",
    "identity",
    "likeness",
    "moved",
    "moving",
    "noted",
    "picture",
    "recording",
    "retention",
    "standing",
    "telling",
    "within",
]
