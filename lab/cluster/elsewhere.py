"""A cluster that is not ours, by KUBECONFIG: programs that leak run on it after a yes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from oakum.kube.config import find_access
from oakum.model.errors import RefusedError

YES: Final = "OAKUM_LAB_KUBECONFIG"


def agree(environment: Mapping[str, str], home: Path, ask: Callable[[str], str] | None) -> str:
    """Which cluster it is, for a person. ``ask``: a line from the terminal, None where nobody can be asked.

    Raises RefusedError where nobody agreed, and as ``find_access``.
    """
    place = find_access(environment, home, insecure=True).place
    # Somebody's name and password may stand before the host.
    server = place.server.rpartition("@")[2].removeprefix("https://")
    named = f"context {place.context} ({server})"
    if environment.get(YES) == "yes":
        return named
    question = f"The command runs on {named}, and may plant programs there that leak. Type yes to go on: "
    if ask is not None and ask(question).strip() == "yes":
        return named
    raise RefusedError(
        f"nothing is run on {named}",
        why="KUBECONFIG names it: it is not the lab's own cluster, and nobody said yes to programs that leak there",
        next_step=f"{YES}=yes make lab-cluster; or, on a cluster of its own: env -u KUBECONFIG make lab-cluster",
    )
