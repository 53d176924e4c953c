"""Variables of a Go function's own: what its statements declare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from oakum.explain.go_kept import assigned, path_of
from oakum.explain.go_program import Statement
from oakum.explain.go_syntax import declared
from oakum.explain.go_tokens import Token, split, typed


@dataclass(frozen=True, slots=True)
class Own:
    """A variable of a function's own. ``told``: its type, "" where only ``value`` says it; that is empty for none."""

    statement: Statement
    told: str
    value: tuple[Token, ...]


def own_variables(statement: Statement) -> Iterable[tuple[str, Own]]:
    """What a statement declares: by ``:=``, ``var a, b T``, or ``var ( … )``."""
    parts = statement.tokens
    if parts[0].text == "var":
        grouped = len(parts) > 1 and parts[1].text == "("
        for row in split(parts[2:-1], ";") if grouped else [parts[1:]]:
            names, behind = declared(row)
            at = next((at for at, part in enumerate(behind) if part.text == "="), len(behind))
            values = split(behind[at + 1 :], ",")
            for number, name in enumerate(names):
                yield name, Own(statement, typed(behind[:at]), _value(values, number, len(names)))
        return
    left, sign, right = assigned(parts)
    for number, target in enumerate(left if sign == ":=" else []):
        path, _ = path_of(target)
        if len(path) == 1:
            yield path[0], Own(statement, "", _value(right, number, len(left)))


def _value(values: Sequence[Sequence[Token]], number: int, names: int) -> tuple[Token, ...]:
    """Of several results of one call the first alone is told apart."""
    if len(values) == names:
        return tuple(values[number])
    return tuple(values[0]) if values and not number else ()
