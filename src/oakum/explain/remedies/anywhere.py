"""What is set from outside, whatever the runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.remedies.remedy import Remedy, remedy
from oakum.model.cause import CauseName

REMEDIES: Final[Mapping[CauseName, Remedy]] = {
    CauseName.UNDERSIZED_LIMIT: remedy(
        "Raise the limit above the highest peak with a quarter of room, with an end to it, and look again: what goes on"
        " growing then is a leak, and no limit helps.",
        "# resources: { limits: { memory: 512Mi } }",
        "# resources: { requests: { memory: 640Mi }, limits: { memory: 768Mi } }\n",
    ),
}
ADVICE: Final[Mapping[CauseName, str]] = {
    CauseName.PAGE_CACHE: "No leak: judge it by anonymous memory, and let alarms look at the working set. The kernel"
    " gives pages of files back before it kills; nothing is to be dropped by hand.",
}
"""Where a runtime has no example of its own."""
