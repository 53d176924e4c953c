"""Where kubeconfig files lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def config_files(environment: Mapping[str, str], home: Path) -> list[Path]:
    """As kubectl looks for them; they need not be there."""
    named = environment.get("KUBECONFIG", "")
    return [Path(text).expanduser() for text in named.split(":") if text] or [home / ".kube" / "config"]
