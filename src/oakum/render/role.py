"""The least role of a capability as manifests, as ``kubectl apply`` takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from shlex import quote
from typing import Final, TypeAlias

from oakum.model.rights import HOME, KUBELETS, ON_NODES, Capability, Right, asked, in_a_namespace, rights_of

Manifest: TypeAlias = dict[str, object]

_NOTE: Final = "#"
"""The key of a table under which words for people stand; JSON has none."""

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9./-]*")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

_RBAC: Final = "rbac.authorization.k8s.io"


def role_yaml(capability: Capability, namespace: str = "", to: str = "") -> str:
    """``namespace``: of which alone; "" for the whole cluster. ``to``: who gets it, as the API server names them; "":
    an account that comes with it. Begins with what it is and how it is used.
    """
    head = "\n".join(f"# {line}" for line in _head(capability, namespace, to))
    parts = ["\n".join(_written(each)) for each in _manifests(capability, namespace, to)]
    return f"{head}\n" + "\n---\n".join(parts) + "\n"


def role_json(capability: Capability, namespace: str = "", to: str = "") -> Manifest:
    """The same as one list."""
    items = [_plain(each) for each in _manifests(capability, namespace, to)]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _head(capability: Capability, namespace: str, to: str) -> Iterator[str]:
    held = " and ".join(capability.holds())
    where = f"in namespace {namespace}" if namespace else "in the whole cluster"
    option = f" --namespace {namespace}" if namespace else ""
    yield f"The least that Oakum needs to {held}, {where}:"
    yield f"    oakum doctor --role {capability}{option}{f' --to {quote(to)}' if to else ''} | kubectl apply -f -"
    if not to:
        yield f"    kubectl create token oakum-{capability} -n {namespace or HOME}    # to use it from outside"
    for right in rights_of(capability):
        out = [each for each in right.questions if namespace and not in_a_namespace(each)]
        if out:
            yield f"Left out, as no role of one namespace can give it: {asked(out)}. {_capital(right.cost)}."


def _manifests(capability: Capability, namespace: str, to: str) -> Iterator[Manifest]:
    account, home = f"oakum-{capability}", namespace or HOME
    rights = list(rights_of(capability))
    nodes = not namespace and ON_NODES in rights
    if nodes:
        allows = {"pod-security.kubernetes.io/enforce": "privileged"}
        note = f"Its pods may be privileged: those that Oakum makes on nodes are. {ON_NODES.danger}"
        yield {_NOTE: note, "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME, "labels": allows}}
    elif not namespace and not to:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}
    if not to:
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": home}}
    subject = _subject(to, account, home)
    apart = [KUBELETS] if namespace else [KUBELETS, ON_NODES]
    yield from _role(account, [each for each in rights if each not in apart], subject, namespace=namespace)
    if not namespace:
        yield from _role(f"{account}-kubelets", [KUBELETS], subject, namespace="")
    if nodes:
        yield from _role(f"{account}-nodes", [ON_NODES], subject, namespace=HOME)


def _subject(to: str, account: str, home: str) -> Manifest:
    kind, _, rest = to.partition("system:serviceaccount:")
    of, _, name = rest.partition(":")
    if to and not kind and of and name:
        return {"kind": "ServiceAccount", "name": name, "namespace": of}
    if to:
        return {"kind": "User", "name": to, "apiGroup": _RBAC}
    note = f"A person or a group instead: kind User or Group, its name, and apiGroup {_RBAC}."
    return {_NOTE: note, "kind": "ServiceAccount", "name": account, "namespace": home}


def _role(name: str, rights: Sequence[Right], subject: Manifest, *, namespace: str) -> Iterator[Manifest]:
    kind = "Role" if namespace else "ClusterRole"
    where = {"namespace": namespace} if namespace else {}
    alone = KUBELETS in rights
    note = {_NOTE: f"{KUBELETS.danger} Delete this role and its binding where that is too much."} if alone else {}
    yield note | {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": {"name": name, **where},
        "rules": [rule for right in rights for rule in _rules(right, namespace)],
    }
    # A binding of its own for each who is named: to apply another one takes it from nobody.
    to = "" if _NOTE in subject else "-" + sha256(str(sorted(subject.items())).encode()).hexdigest()[:8]
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": {"name": f"{name}{to}", **where},
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name},
        "subjects": [subject],
    }


def _rules(right: Right, namespace: str) -> Iterator[Manifest]:
    """One for each group of resources that are asked in the same way; the first says what it is for."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for each in right.questions:
        if not namespace or in_a_namespace(each):
            wanted.setdefault((each.group, each.resource), []).append(each.verb)
    rules: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), verbs in wanted.items():
        rules.setdefault((group, tuple(verbs)), []).append(resource)
    for number, ((group, told), resources) in enumerate(rules.items()):
        danger = f" {right.danger}" if right.danger and right is not KUBELETS else ""
        note = {} if number else {_NOTE: f"{_capital(right.name)}. Without: {right.cost}.{danger}"}
        yield note | {"apiGroups": [group], "resources": resources, "verbs": list(told)}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items() if name != _NOTE}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _written(table: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """YAML of tables, lists and plain words, which is all that a role holds."""
    for name, value in table.items():
        if name == _NOTE:
            yield from (f"{indent}# {line}" for line in _folded(str(value)))
        elif isinstance(value, Mapping):
            yield f"{indent}{name}:"
            yield from _written(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield f"{indent}{name}:"
            for each in value:
                yield from _item(each, indent + "  ")
        elif isinstance(value, list):
            words = ", ".join(each or '""' for each in value)
            yield f"{indent}{name}: [{words}]"
        else:
            yield f"{indent}{name}: {_scalar(str(value))}"


def _scalar(text: str) -> str:
    """As it is where that is plain in YAML; else as JSON writes it, which YAML reads."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text)


def _item(table: Mapping[str, object], indent: str) -> Iterator[str]:
    lines = list(_written(table, indent + "  "))
    first = next(number for number, line in enumerate(lines) if not line.lstrip().startswith("#"))
    for number, line in enumerate(lines):
        if number < first:
            yield line[2:]
        else:
            yield f"{indent}- {line.lstrip()}" if number == first else line


def _folded(text: str, width: int = 100) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
    yield line
