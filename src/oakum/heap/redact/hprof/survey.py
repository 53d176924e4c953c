"""What of an HPROF file must stay for the suspects to be the same, found before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof.header import Header
from oakum.heap.redact.errors import broken, cut_off
from oakum.heap.redact.hprof import kernels
from oakum.heap.redact.names import IdSet
from oakum.heap.redact.turns import TURN_BYTES, Past, unwrapped
from oakum.model.errors import DataError

MOST_CLASSES = 1 << 19
MOST_FIELDS = 1 << 20
LONGEST_LINE = 100
"""As the reader has it."""

WORDS = tuple(np.frombuffer(word, np.uint8) for word in (b"java/lang/Thread", b"java/lang/String", b"name", b"value"))
HASH_BYTES = {kernels.INT_HASH: 4, kernels.LONG_HASH: 8}


@dataclass(slots=True, eq=False)
class Kept:
    """``names``, ``arrays``: ids of what stays. ``class_ids``: int64[c], ascending; ``hash_from``: int64[c + 1], of the
    rows of ``hash_at``: int64[h, 2], (place, bytes) of the hashes among the values of that class's instances.
    """

    names: IdSet
    arrays: IdSet
    class_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    hash_from: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    hash_at: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))


class Survey:
    """Three walks over the file: strings that have a meaning, classes and threads, the characters of their names."""

    def __init__(self, data: NDArray[np.uint8], header: Header, keys: NDArray[np.uint64], past: Past) -> None:
        self._data, self._header, self._keys, self._past = data, header, keys, past
        self._words, self._special = np.zeros(4, np.int64), np.zeros(2, np.int64)
        self._hashes, self._strings = IdSet(keys), IdSet(keys)
        self._classes = np.empty((1 << 10, kernels.CLASS_COLUMNS), np.int64)
        self._fields = np.empty((1 << 10, kernels.FIELD_COLUMNS), np.int64)
        self._named = (np.empty(0, np.int64),) * 3
        self.kept = Kept(IdSet(keys), IdSet(keys))

    def run(self) -> Kept:
        """Raises DataError for a file that is cut off or broken anywhere: nothing has been written yet."""
        self._find_words()
        state = self._begun()
        for ended in self._walk(state):
            if ended == kernels.FIRST_INSTANCE:
                self._tell(state)
        told = self._named[0].size
        if int(state[kernels.CLASSES]) > told:
            # Classes that came behind instances: those were not looked into.
            self._tell(state)
            self._again()
        if len(self._strings):
            self._again()
        return self.kept

    def _begun(self) -> NDArray[np.int64]:
        state = np.zeros(kernels.STATES, np.int64)
        state[kernels.POS] = self._header.end
        return state

    def _again(self) -> None:
        for _ in self._walk(self._begun()):
            pass

    def _find_words(self) -> None:
        state = self._begun()
        walk = chosen(kernels.find_words, self._data.size)
        while state[kernels.POS] < self._data.size:
            state[kernels.STOP] = min(self._data.size, int(state[kernels.POS]) + TURN_BYTES)
            with unwrapped():
                walk(
                    *(self._data, state, self._header.id_bytes, *WORDS, self._words),
                    *(self._hashes.table, self._hashes.count, self._keys),
                )
            if state[kernels.ENDED] == kernels.SET_FULL:
                self._hashes.grow()
            elif state[kernels.ENDED] != kernels.GOING:
                raise self._error(state)
            self._past(int(state[kernels.POS]))

    def _walk(self, state: NDArray[np.int64]) -> Iterator[int]:
        """Yields where the caller must do something before it goes on."""
        walk = chosen(kernels.survey, self._data.size)
        while state[kernels.POS] < self._data.size:
            state[kernels.STOP] = min(self._data.size, int(state[kernels.POS]) + TURN_BYTES)
            sets = (self.kept.names, self._strings, self.kept.arrays)
            with unwrapped():
                walk(
                    *(self._data, state, self._header.id_bytes, self._words, self._special, self._classes),
                    *(self._fields, sets[0].table, self._hashes.table, sets[1].table, sets[2].table),
                    *(tuple(each.count for each in sets), self._keys, self._named),
                )
            ended = int(state[kernels.ENDED])
            if ended == kernels.SET_FULL:
                for each in sets:
                    if each.full:
                        each.grow()
            elif ended == kernels.TABLE_FULL:
                self._classes = _larger(self._classes, MOST_CLASSES)
                self._fields = _larger(self._fields, MOST_FIELDS)
            elif ended == kernels.FIRST_INSTANCE:
                yield ended
            elif ended != kernels.GOING:
                raise self._error(state)
            self._past(int(state[kernels.POS]))

    def _error(self, state: NDArray[np.int64]) -> DataError:
        at = int(state[kernels.POS])
        return cut_off(self._data.size) if state[kernels.ENDED] == kernels.CUT_OFF else broken(at)

    def _tell(self, state: NDArray[np.int64]) -> None:
        """Lay out the instances of all classes that were met: where hashes, a thread's name, a string's characters are.

        A class that is met again, in another walk, has the rows that it had.
        """
        rows, used = int(state[kernels.CLASSES]), int(state[kernels.FIELDS])
        classes, fields = self._classes[:rows], self._fields[:used]
        ids, first = np.unique(classes[:, kernels.ID], return_index=True)
        # An id that no class has: the table is told, though no class was met.
        lines = Lines(classes, first, ids, fields)
        hash_from, hash_at = [0], []
        name_at, value_at = np.full(ids.size, -1, np.int64), np.full(ids.size, -1, np.int64)
        thread, string = (int(each) for each in self._special)
        for row in range(ids.size):
            for owner, at, role in lines.of(row):
                if role in HASH_BYTES:
                    hash_at.append((at, HASH_BYTES[role]))
                elif role == kernels.NAME and owner == thread and thread:
                    name_at[row] = at
                elif role == kernels.VALUE and owner == string and string:
                    value_at[row] = at
            hash_from.append(len(hash_at))
        self._named = (ids, name_at, value_at) if ids.size else (np.full(1, -1, np.int64),) * 3
        self.kept.class_ids = ids
        self.kept.hash_from = np.array(hash_from, np.int64)
        self.kept.hash_at = np.array(hash_at, np.int64).reshape(-1, 2)


class Lines:
    """Classes with those that they extend. ``first``: the row of each of ``ids`` in ``classes``."""

    def __init__(
        self,
        classes: NDArray[np.int64],
        first: NDArray[np.integer],
        ids: NDArray[np.int64],
        fields: NDArray[np.int64],
    ) -> None:
        self._ids = ids
        self._own_bytes = classes[first, kernels.OWN_BYTES].tolist()
        above = np.searchsorted(ids, classes[first, kernels.ABOVE])
        there = ids[np.minimum(above, ids.size - 1)] == classes[first, kernels.ABOVE] if ids.size else above
        self._above = np.where(there, above, -1).tolist()
        self._fields: dict[int, list[tuple[int, int]]] = {}
        row_of = {int(row): place for place, row in enumerate(first.tolist())} if fields.size else {}
        for row, at, role in fields.tolist():
            if row in row_of:
                self._fields.setdefault(row_of[row], []).append((at, role))

    def of(self, row: int) -> Iterator[tuple[int, int, int]]:
        """(id of the class that declares it, place among the values, role) of the fields that have one."""
        begin = 0
        for _ in range(LONGEST_LINE):
            for at, role in self._fields.get(row, ()):
                yield int(self._ids[row]), begin + at, role
            begin += self._own_bytes[row]
            row = self._above[row]
            if row < 0:
                return


def _larger(table: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Raises DataError for more rows than any program has."""
    if table.shape[0] >= most:
        raise DataError(
            "this dump is broken", why=f"it has more than {most:,} classes", next_step="take the dump again"
        )
    return np.concatenate([table, np.empty_like(table)])
