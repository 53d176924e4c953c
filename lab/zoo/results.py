"""What was measured, one line of JSON each: a run that was interrupted goes on where it ended."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.zoo.case import Case
from lab.zoo.score import Said, said_from_json, said_to_json

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".zoo"


@dataclass(frozen=True, slots=True)
class Result:
    """``trouble``: why it could not be run or ended early, empty where all went well. ``looks``: in their order.

    ``answered``, ``failed``: requests. ``wanted_per_s`` and ``got_per_s``: what was sent while Oakum looked.
    ``load``: of the machine over the minute before it ended. ``at_s``: UTC epoch.
    """

    case: str
    variant: str
    key: str
    oakum: str
    at_s: float
    looks: tuple[Said, ...] = ()
    trouble: str = ""
    answered: int = 0
    failed: int = 0
    wanted_per_s: float = 0.0
    got_per_s: float = 0.0
    load: float = 0.0


class Results:
    """The file, and what it says of one Oakum."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._file = folder / "results.jsonl"
        self._writing = threading.Lock()

    def of(self, case: Case, variant: str, oakum: str) -> Result | None:
        """The last one of this very source and this very Oakum that came to an answer."""
        found = [row for row in self._of(case, variant, oakum) if row.looks]
        return found[-1] if found else None

    def last(self, case: Case, variant: str, oakum: str) -> Result | None:
        """As ``of``; where none came to an answer, the last that did not."""
        tried = self._of(case, variant, oakum)
        return self.of(case, variant, oakum) or (tried[-1] if tried else None)

    def latest(self, case: Case, variant: str) -> Result | None:
        """The last one of this very source that came to an answer, of whichever Oakum."""
        wanted = (case.id, variant, case.key(variant))
        found = [row for row in self._rows() if (row.case, row.variant, row.key) == wanted and row.looks]
        return found[-1] if found else None

    def answer(self, case: Case, result: Result) -> Path:
        """Where the whole answer of its last look lies."""
        return self.folder / "answers" / case.runtime / Path(result.looks[-1].file).name

    def _of(self, case: Case, variant: str, oakum: str) -> list[Result]:
        wanted = (case.id, variant, case.key(variant), oakum)
        return [row for row in self._rows() if (row.case, row.variant, row.key, row.oakum) == wanted]

    def add(self, result: Result) -> None:
        row = {name: getattr(result, name) for name in Result.__dataclass_fields__}
        row["looks"] = [said_to_json(said) for said in result.looks]
        with self._writing:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    def _rows(self) -> list[Result]:
        """A line that was cut off, as the power went, is no result."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [result for line in lines if (result := _result(line)) is not None]


def _result(line: str) -> Result | None:
    try:
        row: Mapping[str, Any] = json.loads(line)
        return Result(**{**row, "looks": tuple(said_from_json(said) for said in row["looks"])})
    except (ValueError, TypeError, KeyError):
        return None


def oakum_version() -> str:
    """The last commit that changed Oakum, and a hash of what was changed since."""
    commit = _git("log", "-1", "--format=%h", "--", "src", "guard")
    changed = _git("diff", "HEAD", "--", "src", "guard") + _git("status", "--porcelain", "--", "src", "guard")
    return f"{commit}+{hashlib.sha256(changed.encode()).hexdigest()[:8]}" if changed else commit or "unknown"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
