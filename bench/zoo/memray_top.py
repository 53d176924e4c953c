"""``python -m bench.zoo.memray_top FILE``: the largest record of memray's leak report, as JSON: [bytes, frames]."""

from __future__ import annotations

import json
import sys

import memray


def main() -> int:
    records = memray.FileReader(sys.argv[1]).get_leaked_allocation_records(merge_threads=True)
    first = max(records, key=lambda record: record.size, default=None)
    frames = [] if first is None else [list(frame) for frame in first.stack_trace()]
    print(json.dumps([0 if first is None else first.size, frames]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
