"""``oakum heap helper``: the file that a service loads to answer for its heap."""

from __future__ import annotations

from oakum.probe.ruby import helper


def ruby_helper() -> str:
    """As text of Ruby."""
    return helper()
