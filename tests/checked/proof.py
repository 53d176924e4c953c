"""``proof.py bounds|plain``: exits 1 unless kernels that are run in this environment are checked, or no JIT is on.

Bounds checking is compiled into a kernel: one that comes from a cache which a run without checks has filled is not
checked, and says nothing of it. So a kernel of this file and one of Oakum's are led past the end of their arrays.
"""

from __future__ import annotations

import sys

import numpy as np
from numba import njit

from oakum.heap.formats.hprof import kernels


@njit(cache=True)
def one_past_the_end(values):
    return values[values.size]


def notices(kernel, *arguments) -> bool:
    try:
        kernel(*arguments)
    except IndexError:
        return True
    return False


def main() -> int:
    wanted = sys.argv[1]
    long, none = np.arange(4, dtype=np.int64), np.full(1, -1, np.int64)
    noticed = {
        "the seeded kernel": notices(one_past_the_end, long),
        # Its first three arrays are of one length by contract; what it reads past the end of the third changes nothing.
        "a kernel of the HPROF reader": notices(kernels.least_gaps, long, np.zeros(4, np.int32), none, 1),
    }
    if not all(noticed.values()):
        print(f"not checked: {', '.join(name for name, found in noticed.items() if not found)}", file=sys.stderr)
        return 1
    compiled = hasattr(kernels.least_gaps, "py_func")
    if compiled != (wanted == "bounds"):
        print(f"the JIT is {'on' if compiled else 'off'}", file=sys.stderr)
        return 1
    print(f"{', '.join(noticed)}: past the end is an error; the JIT is {'on' if compiled else 'off'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
