"""What is done in Go source with what is kept: where it is looked into, bounded, and where something is taken out."""

from __future__ import annotations

import re
from dataclasses import replace

from oakum.explain.go_kept import Kept, Put, calls, path_of, puts
from oakum.explain.go_placed import Placed, Places
from oakum.explain.go_program import Function
from oakum.explain.go_scope import Scope
from oakum.explain.go_tokens import bare, typed


def as_used(found: Placed, scope: Scope, places: Places) -> Kept:
    """What is kept, with what its function, and others of its owner, do with it."""
    put, function, owner = found.put, found.function, found.kept.owner
    if put.kind == "contexts":
        return found.kept
    path = re.escape(".".join(put.path))
    near = "(?:" + "|".join(re.escape(".".join(each)) for each in _beside(put, function)) + ")"
    looked = re.compile(rf"(?<![\w.]){path}\[[^\]]*\](?!=[^=])")
    sized = re.compile(rf"(?:len\({near}\)|(?<![\w.]){near}\.Len\(\))(?:>(?!=|0\b)|>=(?![01]\b))")
    field = rf"(?<!\w)\w+\.{re.escape(put.path[-1])}" if len(put.path) > 1 else path
    taken = re.compile(rf"(?:delete|clear)\({field}[,)]|{field}\.(?:Remove|Delete|LoadAndDelete)\(|{field}={field}\[")
    near_taken = re.compile(taken.pattern.replace(field, near))
    texts = [(each, bare(each.tokens)) for each in scope.patience.each(function.statements)]
    recalled = any(looked.search(text) and each is not put.statement for each, text in texts)
    cut = any(near_taken.search(text) or re.search(rf"{near}=append\({near}\[", text) for _, text in texts)
    bounds = [places.code(function, each) for each, text in texts if cut and sized.search(text)]
    removals = [
        places.code(other, each)
        for other in scope.program.functions
        if (other.receiver[1] == owner or not owner) and other.folder == function.folder
        for each in scope.patience.each(other.statements)
        if taken.search(bare(each.tokens))
    ]
    return replace(found.kept, recalled=recalled, bounds=tuple(bounds), removals=tuple(removals))


def _beside(put: Put, function: Function) -> list[tuple[str, ...]]:
    """The field itself, and those of the same object that the function puts to, or takes out of, by the same key."""
    found = [put.path]
    for statement in function.statements if len(put.path) > 1 else ():
        same = [each.path for each in puts(statement) if each.key in {"", put.key}]
        taken = [
            (path_of(given[0])[0], typed(given[1]))
            for called, given in calls(statement.tokens)
            if called == ("delete",) and len(given) == 2
        ]
        same += [path for path, key in taken if key == put.key]
        found += [each for each in same if each[:-1] == put.path[:-1]]
    return list(dict.fromkeys(found))
