"""Other programs of this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError
from oakum.model.hands import Ran


class LivePrograms:
    """Port Programs."""

    def run(self, command: Sequence[str], *, within_s: float, uid: int | None = None) -> Ran | Absent:
        found = shutil.which(command[0])
        if found is None:
            return Absent(command[0], AbsentKind.NOT_APPLICABLE, "it is not on the path", f"install {command[0]}")
        try:
            done = subprocess.run(
                [found, *command[1:]],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=within_s,
                check=False,
                user=uid,
                # Ctrl-C at our terminal is not meant for it.
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as exc:
            raise MachineError(
                f"{command[0]} does not answer", why=f"it was given {within_s:.0f} s", next_step=" ".join(command)
            ) from exc
        except OSError as exc:
            raise MachineError(
                f"{command[0]} cannot be run", why=str(exc.strerror), next_step=" ".join(command)
            ) from exc
        return Ran(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def systemd_runs(self) -> bool:
        """As sd_booted(3) tells it."""
        return Path("/run/systemd/system").is_dir()
