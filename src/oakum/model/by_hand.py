"""Commands for a person's hand that are told in several places."""

from __future__ import annotations


def core_command(pid: int | str) -> str:
    """Room is looked at first: gdb writes all that is mapped, touched or not. Nobody else may read what it writes."""
    return (
        f"df -h . && grep VmData /proc/{pid}/status && (umask 077; gcore -o leak {pid})"
        f" && oakum heap analyze leak.{pid}"
    )
