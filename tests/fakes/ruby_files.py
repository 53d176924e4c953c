"""Ruby heap dumps as ObjectSpace.dump_all writes them, line by line."""

from __future__ import annotations

import json


def address(number: int) -> str:
    return f"0x7f00{number * 40:08x}"


class RubyFile:
    """Objects are numbered from 1 in the order of ``add``; classes are objects too."""

    def __init__(self) -> None:
        self.lines: list[dict] = []
        self.count = 0

    def add(self, kind: str, *references: int, of: int = 0, **fields: object) -> int:
        self.count += 1
        line = {"address": address(self.count), "type": kind}
        if of:
            line["class"] = address(of)
        line |= fields
        if references:
            line["references"] = [address(number) for number in references]
        self.lines.append(line)
        return self.count

    def root(self, name: str, *references: int) -> None:
        self.lines.insert(0, {"type": "ROOT", "root": name, "references": [address(number) for number in references]})

    def bytes(self) -> bytes:
        """With Ruby's own spaces: none after the colon, one after the comma."""
        return b"".join(json.dumps(line, separators=(", ", ":")).encode() + b"\n" for line in self.lines)
