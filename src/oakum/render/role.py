"""The least role of a capability as manifests, as ``kubectl apply`` takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from oakum.model.rights import KUBELETS, Capability, Right, asked, in_a_namespace, rights_of

Manifest: TypeAlias = dict[str, object]

HOME: Final = "oakum"
"""The namespace of the account, where its role is for all of them."""

_NOTE: Final = "#"
"""The key of a table under which words for people stand; JSON has none."""

_RBAC: Final = "rbac.authorization.k8s.io"


def role_yaml(capability: Capability, namespace: str = "") -> str:
    """``namespace``: of which alone; "" for the whole cluster. Begins with what it is and how it is used."""
    head = "\n".join(f"# {line}" for line in _head(capability, namespace))
    parts = ["\n".join(_written(each)) for each in _manifests(capability, namespace)]
    return f"{head}\n" + "\n---\n".join(parts) + "\n"


def role_json(capability: Capability, namespace: str = "") -> Manifest:
    """The same as one list."""
    items = [_plain(each) for each in _manifests(capability, namespace)]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _head(capability: Capability, namespace: str) -> Iterator[str]:
    held = " and ".join(capability.holds())
    where = f"in namespace {namespace}" if namespace else "in the whole cluster"
    option = f" --namespace {namespace}" if namespace else ""
    yield f"The least that Oakum needs to {held}, {where}:"
    yield f"    oakum doctor --role {capability}{option} | kubectl apply -f -"
    yield f"    kubectl create token oakum-{capability} -n {namespace or HOME}    # to use it from outside"
    for right in rights_of(capability):
        out = [each for each in right.questions if namespace and not in_a_namespace(each)]
        if out:
            yield f"Left out, as no role of one namespace can give it: {asked(out)}. {_capital(right.cost)}."


def _manifests(capability: Capability, namespace: str) -> Iterator[Manifest]:
    account, home = f"oakum-{capability}", namespace or HOME
    if not namespace:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": home}}
    rights = list(rights_of(capability))
    parts = {account: [each for each in rights if each is not KUBELETS]}
    if not namespace:
        parts[f"{account}-kubelets"] = [KUBELETS]
    for name, held in parts.items():
        yield from _role(name, held, account=account, namespace=namespace)


def _role(name: str, rights: Sequence[Right], *, account: str, namespace: str) -> Iterator[Manifest]:
    kind = "Role" if namespace else "ClusterRole"
    meta = {"name": name, "namespace": namespace} if namespace else {"name": name}
    alone = KUBELETS in rights
    note = {_NOTE: f"{KUBELETS.danger} Delete this role and its binding where that is too much."} if alone else {}
    yield note | {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": meta,
        "rules": [rule for right in rights for rule in _rules(right, namespace)],
    }
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": meta,
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name},
        "subjects": [
            {
                _NOTE: f"A person or a group instead: kind User or Group, its name, and apiGroup {_RBAC}.",
                "kind": "ServiceAccount",
                "name": account,
                "namespace": namespace or HOME,
            }
        ],
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
            yield f"{indent}{name}: {value}"


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
