"""Roles: of one table with the access reviews of ``oakum doctor``, and never more than it says."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from oakum.model.rights import HOME, KUBELETS, RIGHTS, Capability, asked, in_a_namespace, rights_of
from oakum.render.role import role_json, role_yaml

DOCS = Path(__file__).parents[3] / "docs" / "kubernetes.md"
SHIPPED = {f"{capability}.yaml": (capability, "") for capability in Capability} | {
    f"{capability}-in-one-namespace.yaml": (capability, "shop") for capability in Capability
}
PLACES = pytest.mark.parametrize("namespace", ["", "shop"], ids=["cluster", "one namespace"])
EACH = pytest.mark.parametrize("capability", Capability)


def granted(objects):
    return {
        (group, resource, verb)
        for each in objects
        for rule in each.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@PLACES
@EACH
def test_a_role_gives_what_the_doctor_asks_for_and_nothing_else(capability, namespace):
    wanted = {
        (each.group, each.resource, each.verb)
        for right in rights_of(capability)
        for each in right.questions
        if not namespace or in_a_namespace(each)
    }
    assert granted(yaml.safe_load_all(role_yaml(capability, namespace))) == wanted


@PLACES
@EACH
def test_no_role_reaches_a_secret_or_more_roles_or_deletes_or_takes_all(capability, namespace):
    for group, resource, verb in granted(yaml.safe_load_all(role_yaml(capability, namespace))):
        assert "*" not in group + resource + verb
        assert "secret" not in resource
        assert resource not in {"configmaps", "serviceaccounts", "serviceaccounts/token"}
        assert group != "rbac.authorization.k8s.io"
        assert verb in {"get", "list", "watch", "create", "patch"} or (resource, verb) == ("pods", "delete")
        assert verb != "delete" or capability is Capability.NODE_POD


def test_who_reads_changes_nothing_and_who_captures_starts_programs_but_changes_no_workload():
    writes = {
        capability: {
            each.resource
            for right in rights_of(capability)
            for each in right.questions
            if each.verb in {"create", "patch"}
        }
        for capability in Capability
    }
    assert writes[Capability.READ] == set()
    assert writes[Capability.CAPTURE] == {"pods/exec", "pods/portforward", "pods/ephemeralcontainers"}
    assert writes[Capability.ACT] > writes[Capability.CAPTURE]
    assert writes[Capability.NODE_POD] == writes[Capability.CAPTURE] | {"pods"}


def test_pods_are_made_and_deleted_in_one_namespace_alone_which_lets_them_be_privileged():
    objects = list(yaml.safe_load_all(role_yaml(Capability.NODE_POD)))
    (role,) = [each for each in objects if "delete" in str(each.get("rules"))]
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", HOME)
    (rule,) = role["rules"]
    assert rule == {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete"]}
    (namespace,) = [each["metadata"] for each in objects if each["kind"] == "Namespace"]
    assert namespace == {"name": HOME, "labels": {"pod-security.kubernetes.io/enforce": "privileged"}}


@PLACES
@EACH
@pytest.mark.parametrize(
    ("who", "kind", "name"),
    [
        ("system:serviceaccount:shop:ci", "ServiceAccount", "ci"),
        ("jane@example.org", "User", "jane@example.org"),
        ("null", "User", "null"),
        ('o\'hara: "x" #1', "User", 'o\'hara: "x" #1'),
    ],
)
def test_a_role_is_bound_to_who_is_named_beside_those_who_have_it_already(capability, namespace, who, kind, name):
    text = role_yaml(capability, namespace, who)
    objects = list(yaml.safe_load_all(text))
    assert role_json(capability, namespace, who)["items"] == objects
    bindings = [each for each in objects if each["kind"].endswith("Binding")]
    subjects = [subject for each in bindings for subject in each["subjects"]]
    assert {(each["kind"], each["name"]) for each in subjects} == {(kind, name)}
    assert "ServiceAccount" not in {each["kind"] for each in objects}
    others = {each["metadata"]["name"] for each in yaml.safe_load_all(role_yaml(capability, namespace, "other"))}
    assert not {each["metadata"]["name"] for each in bindings} & others


@PLACES
@EACH
def test_in_json_a_role_is_the_same_without_the_words_for_people(capability, namespace):
    as_json = role_json(capability, namespace)
    assert as_json["kind"] == "List"
    assert as_json["items"] == list(yaml.safe_load_all(role_yaml(capability, namespace)))
    assert "#" not in str(as_json)


@EACH
def test_a_role_of_one_namespace_binds_there_alone_and_names_what_it_cannot_give(capability):
    text = role_yaml(capability, "shop")
    objects = list(yaml.safe_load_all(text))
    assert [each["kind"] for each in objects] == ["ServiceAccount", "Role", "RoleBinding"]
    assert {each["metadata"]["namespace"] for each in objects} == {"shop"}
    left_out = "\n".join(line for line in text.splitlines() if line.startswith("# Left out"))
    for right in rights_of(capability):
        if not all(in_a_namespace(each) for each in right.questions):
            assert asked(right.questions) in left_out
            assert right.cost[1:] in left_out


@EACH
def test_what_is_more_than_reading_is_a_role_of_its_own_that_can_be_taken_away(capability):
    text = role_yaml(capability)
    role = next(part for part in text.split("\n---\n") if f"name: oakum-{capability}-kubelets\nrules" in part)
    assert "can run programs" in " ".join(line.strip("# ") for line in role.splitlines())
    (rules,) = [
        each["rules"]
        for each in yaml.safe_load_all(text)
        if each["kind"] == "ClusterRole" and each["metadata"]["name"] == f"oakum-{capability}"
    ]
    assert "nodes/proxy" not in str(rules)


@EACH
def test_every_role_is_bound_to_the_account_that_comes_with_it(capability):
    objects = list(yaml.safe_load_all(role_yaml(capability)))
    account = next(each["metadata"] for each in objects if each["kind"] == "ServiceAccount")
    roles = {each["metadata"]["name"] for each in objects if each["kind"] in {"ClusterRole", "Role"}}
    bound = [each for each in objects if each["kind"] in {"ClusterRoleBinding", "RoleBinding"}]
    assert {each["roleRef"]["name"] for each in bound} == roles
    assert all(each["subjects"] == [{"kind": "ServiceAccount", **account}] for each in bound)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_files_of_the_package_are_what_the_command_prints(name):
    file = files("oakum.render") / "roles" / name
    capability, namespace = SHIPPED[name]
    option = f" --namespace {namespace}" if namespace else ""
    again = f"oakum doctor --role {capability}{option} > src/oakum/render/roles/{name}"
    assert file.read_text(encoding="utf-8") == role_yaml(capability, namespace), again


def test_no_other_file_lies_beside_the_roles():
    assert {each.name for each in (files("oakum.render") / "roles").iterdir()} == set(SHIPPED)


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: right.name)
def test_the_docs_name_each_right_with_its_verbs_and_what_it_costs_to_lack_it(right):
    row = f"| `{right.capability}` | {right.name} | `{asked(right.questions)}` | {right.cost} |"
    assert row in DOCS.read_text(encoding="utf-8").splitlines()


@PLACES
def test_what_a_right_lets_somebody_do_beyond_its_purpose_stands_in_the_manifest(namespace):
    roles = "".join(role_yaml(capability, namespace) for capability in Capability)
    text = " ".join(roles.replace("#", " ").split())
    told = [right for right in RIGHTS if right.danger and not (namespace and right is KUBELETS)]
    assert len(told) > 2
    assert [right.name for right in told if right.danger not in text] == []
