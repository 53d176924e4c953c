"""A recorded tree of small files, kept as one text: ``--- PATH`` starts a file, what stands before the first is said
to the reader.
"""

from __future__ import annotations

from pathlib import Path

RECORDINGS = Path(__file__).parents[1] / "recordings"


def unpack(recording: str, folder: Path) -> Path:
    """The files of ``recording`` below ``folder``; returns ``folder``."""
    _, *files = (RECORDINGS / recording).read_text(encoding="utf-8").split("\n--- ")
    for file in files:
        path, _, content = file.partition("\n")
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        # split() took the last line end of every file but the last one's.
        place.write_text(f"{content.rstrip()}\n" if content.strip() else "", encoding="utf-8")
    return folder
