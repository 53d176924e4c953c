"""The picture of the README: what a terminal showed, as SVG.

``python -m lab.picture "oakum investigate pid/4242" < answer.ansi > docs/investigate.svg``
"""

from __future__ import annotations

import io
import re
import sys
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

WIDTH: Final = 104
LOOK: Final = TerminalTheme(
    (18, 20, 24),
    (216, 220, 226),
    [
        (18, 20, 24),
        (236, 95, 103),
        (120, 200, 120),
        (240, 190, 90),
        (110, 160, 240),
        (190, 140, 230),
        (95, 195, 205),
        (216, 220, 226),
    ],
    [
        (110, 118, 130),
        (255, 120, 125),
        (150, 225, 150),
        (255, 215, 130),
        (145, 190, 255),
        (215, 170, 250),
        (130, 220, 230),
        (255, 255, 255),
    ],
)
FACE: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""Rich's template fetches a font from elsewhere: a picture asks for nothing."""

MOVES: Final = re.compile(r"\x1b\[[0-9;?]*[A-LN-Za-ln-z]|\r")
"""Of the cursor."""


def svg(shown: str, command: str) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(MOVES.sub("", shown)))
    made = console.export_svg(title="oakum", theme=LOOK)
    return FACE.sub("", made).replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")


if __name__ == "__main__":
    sys.stdout.write(svg(sys.stdin.read(), sys.argv[1]))
