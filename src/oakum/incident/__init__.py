"""The record's rules: which states, how bad, is it true, when whom to tell. Pure: time and settings are arguments."""

from oakum.incident.identity import identity
from oakum.incident.machine import MOVES, Event, allowed, moved, picture
from oakum.incident.opening import FOUND, Finding, recording
from oakum.incident.phases import standing
from oakum.incident.saying import escalated, moving, noted
from oakum.incident.settings import IncidentSettings

__all__ = [
    "FOUND",
    "MOVES",
    "Event",
    "Finding",
    "IncidentSettings",
    "allowed",
    "escalated",
    "identity",
    "moved",
    "moving",
    "noted",
    "picture",
    "recording",
    "standing",
]
