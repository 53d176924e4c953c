"""LEAK outside Python's objects: a library in C gives out a frame per request, and nobody frees it.

Beside it a log of requests grows a little, and is not to blame.
"""

import ctypes

from life import Life

FRAME_BYTES = 8000

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = (ctypes.c_size_t,)
libc.memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
access_log = []


def decode(number):
    frame = libc.malloc(FRAME_BYTES)
    libc.memset(frame, number & 0xFF, FRAME_BYTES)
    return number & 0xFF


if __name__ == "__main__":
    for number in Life(item_bytes=FRAME_BYTES).requests():
        decode(number)
        access_log.append(f"GET /frames/{number}")
