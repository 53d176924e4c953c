"""Memory, limit and pressure of the container you run in. Standard library only: it loads in your app."""

from oakum_guard.hierarchy import Hierarchy, Membership, Mount, find_hierarchy, parse_membership, read_membership
from oakum_guard.memory import (
    Limit,
    Memory,
    Pressure,
    child_folders,
    read_cgroup,
    read_machine_bytes,
    read_memory,
    read_pressure,
)

__all__ = [
    "Hierarchy",
    "Limit",
    "Membership",
    "Memory",
    "Mount",
    "Pressure",
    "child_folders",
    "find_hierarchy",
    "parse_membership",
    "read_cgroup",
    "read_machine_bytes",
    "read_membership",
    "read_memory",
    "read_pressure",
]
