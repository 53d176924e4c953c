"""Lines of JSON, as Ruby writes them, into flat arrays. `data`: uint8[b]; every read is checked against its end.

A word stands for a short text: its first eight bytes, the first lowest. That tells Ruby's keys and types apart.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

ADDRESS = 0x73736572646461
CLASS = 0x7373616C63
TYPE = 0x65707974
MEMSIZE = 0x657A69736D656D
SLOT_SIZE = 0x7A69735F746F6C73
SIZE = 0x657A6973
LENGTH = 0x6874676E656C
REFERENCES = 0x636E657265666572
FILE = 0x656C6966
LINE = 0x656E696C
NAME = 0x656D616E
REAL_NAME = 0x616C635F6C616572
IMEMO = 0x79745F6F6D656D69
STRUCT = 0x746375727473
ROOT = 0x746F6F72

COLUMNS = 15
(
    AT_ADDRESS,
    AT_CLASS,
    AT_TYPE,
    AT_MEMSIZE,
    AT_SLOT,
    AT_LENGTH,
    AT_LINE,
    AT_NAME,
    AT_NAME_END,
    AT_FILE,
    AT_FILE_END,
    AT_SORT,
    AT_SORT_END,
    AT_REFERENCES,
    AT_WHOLE,
) = range(COLUMNS)
"""Columns of a row. AT_NAME and those like it are places in the file; AT_REFERENCES: where its references begin."""

LONGEST = 1 << 20


@register_jitable
def text_end(data, pos, end):
    """Place of the closing quote of the text that begins at `pos`; -1 where there is none before `end`."""
    while pos < end:
        byte = data[pos]
        if byte == 34:
            return pos
        pos += 2 if byte == 92 else 1
    return -1


@register_jitable
def word_of(data, begin, end):
    word = np.int64(0)
    for place in range(min(end - begin, 8)):
        word |= np.int64(data[begin + place]) << np.int64(8 * place)
    return word


@register_jitable
def hexadecimal(data, begin, end):
    """The number of `0x7f…`, -1 where it is none or does not fit."""
    if end - begin < 3 or end - begin > 17 or data[begin] != 48 or data[begin + 1] != 120:
        return np.int64(-1)
    value = np.int64(0)
    for place in range(begin + 2, end):
        byte = data[place]
        if 48 <= byte <= 57:
            digit = byte - 48
        elif 97 <= byte <= 102:
            digit = byte - 87
        else:
            return np.int64(-1)
        value = (value << np.int64(4)) | np.int64(digit)
    return value


@register_jitable
def decimal(data, pos, end):
    """(value, place after it) of a whole number; -1 for what is none or has more than 18 digits."""
    value = np.int64(0)
    begin = pos
    while pos < end and 48 <= data[pos] <= 57 and pos - begin < 19:
        value = value * np.int64(10) + np.int64(data[pos] - 48)
        pos += 1
        if pos - begin == 18:
            break
    return (value if pos > begin else np.int64(-1)), pos


@register_jitable
def after_value(data, pos, end):
    """Place behind a value that nobody asked for, nested ones too; -1 where it does not end."""
    depth = 0
    while pos < end:
        byte = data[pos]
        if byte == 34:
            pos = text_end(data, pos + 1, end)
            if pos < 0:
                return -1
        elif byte == 123 or byte == 91:
            depth += 1
        elif byte == 125 or byte == 93:
            if depth == 0:
                return pos
            depth -= 1
        elif byte == 44 and depth == 0:
            return pos
        pos += 1
    return -1


@njit(cache=True, nogil=True)
def lines_of(data):
    """How many lines there are, the last one without its end too."""
    count = 0
    for pos in range(data.size):
        if data[pos] == 10:
            count += 1
    return count + (1 if data.size and data[data.size - 1] != 10 else 0)


@njit(cache=True, nogil=True)
def marks_of(data, rows, out):
    """`out`: int64[n], a number for the file and line of each row's allocation (FNV-1a), 0 where none is told."""
    for number in range(rows.shape[0]):
        begin, end = rows[number, AT_FILE], rows[number, AT_FILE_END]
        out[number] = 0
        if 0 <= begin < end <= data.size:
            mark = np.uint64(0xCBF29CE484222325)
            for place in range(begin, end):
                mark = (mark ^ np.uint64(data[place])) * np.uint64(0x100000001B3)
            mark = (mark ^ np.uint64(rows[number, AT_LINE] & 0x7FFFFFFF)) * np.uint64(0x100000001B3)
            out[number] = np.int64(mark >> np.uint64(1)) | 1


@njit(cache=True, nogil=True)
def scan(data, rows, references):
    """(rows filled, references found, lines that are no object). Where references do not fit, only counts them.

    `rows`: int64[lines, COLUMNS]; -1 stands for what a line does not say.
    """
    filled, found, broken = 0, 0, 0
    pos, size = 0, data.size
    while pos < size and filled < rows.shape[0]:
        end = pos
        while end < size and data[end] != 10:
            end += 1
        begin = pos
        pos = end + 1
        while begin < end and (data[begin] == 32 or data[begin] == 13):
            begin += 1
        if begin == end:
            continue
        row = rows[filled]
        row[:] = -1
        row[AT_REFERENCES] = found
        whole = False
        at = begin + 1
        if data[begin] == 123:
            while True:
                while at < end and (data[at] == 32 or data[at] == 44):
                    at += 1
                if at < end and data[at] == 125:
                    whole = True
                    break
                if at >= end or data[at] != 34:
                    break
                key_end = text_end(data, at + 1, end)
                if key_end < 0:
                    break
                key = word_of(data, at + 1, key_end)
                at = key_end + 1
                while at < end and (data[at] == 32 or data[at] == 58):
                    at += 1
                if at >= end:
                    break
                if data[at] == 34:
                    stop = text_end(data, at + 1, end)
                    if stop < 0:
                        break
                    if key == ADDRESS:
                        row[AT_ADDRESS] = hexadecimal(data, at + 1, stop)
                    elif key == CLASS:
                        row[AT_CLASS] = hexadecimal(data, at + 1, stop)
                    elif key == TYPE:
                        row[AT_TYPE] = word_of(data, at + 1, stop)
                    elif key == NAME or (key == REAL_NAME and row[AT_NAME] < 0):
                        row[AT_NAME] = at + 1
                        row[AT_NAME_END] = stop
                    elif key == FILE:
                        row[AT_FILE] = at + 1
                        row[AT_FILE_END] = stop
                    elif key in (IMEMO, STRUCT, ROOT):
                        row[AT_SORT] = at + 1
                        row[AT_SORT_END] = stop
                    at = stop + 1
                elif key == REFERENCES and data[at] == 91:
                    at += 1
                    closed = False
                    while at < end:
                        if data[at] == 34:
                            stop = text_end(data, at + 1, end)
                            if stop < 0:
                                break
                            value = hexadecimal(data, at + 1, stop)
                            if value >= 0:
                                if found < references.size:
                                    references[found] = value
                                found += 1
                            at = stop + 1
                        elif data[at] == 93:
                            closed = True
                            at += 1
                            break
                        else:
                            at += 1
                    if not closed:
                        break
                elif 48 <= data[at] <= 57:
                    value, at = decimal(data, at, end)
                    if key == MEMSIZE:
                        row[AT_MEMSIZE] = value
                    elif key == SLOT_SIZE:
                        row[AT_SLOT] = value
                    elif key in (SIZE, LENGTH):
                        row[AT_LENGTH] = value
                    elif key == LINE:
                        row[AT_LINE] = value
                    at = after_value(data, at, end)
                    if at < 0:
                        break
                else:
                    at = after_value(data, at, end)
                    if at < 0:
                        break
        row[AT_WHOLE] = 1 if whole else 0
        if not whole:
            broken += 1
        if row[AT_TYPE] >= 0:
            filled += 1
        else:
            found = row[AT_REFERENCES]
    return filled, found, broken
