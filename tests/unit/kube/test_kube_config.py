"""Kubeconfig files: merged as kubectl merges them, and one clear error for each that cannot be used."""

from __future__ import annotations

import base64

import pytest
import yaml

from oakum.kube.config import find_access
from oakum.model.errors import CallerError, MachineError, OakumError, RefusedError, TargetError


def body(**changed):
    told = {
        "current-context": "prod",
        "contexts": [
            {"name": "prod", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
            {"name": "lost", "context": {"cluster": "nowhere", "user": "u"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": "https://prod.example:6443/"}}],
        "users": [{"name": "u", "user": {"token": "s3cret"}}],
    }
    return {**told, **changed}


def write(path, told):
    path.write_text(told if isinstance(told, str) else yaml.safe_dump(told))
    return path


def found(tmp_path, told, **named):
    file = write(tmp_path / "config", told)
    return find_access({"KUBECONFIG": str(file)}, tmp_path, **named)


def test_the_current_context_names_the_cluster_the_user_and_the_namespace(tmp_path):
    access = found(tmp_path, body())
    place = access.place
    assert (place.context, place.server, place.user, place.namespace) == (
        "prod",
        "https://prod.example:6443",
        "u",
        "shop",
    )
    assert access.login.token == "s3cret"
    assert "s3cret" not in repr(access)


def test_several_files_are_merged_and_the_first_holds(tmp_path):
    first = write(tmp_path / "a", {"current-context": "dev", "users": [{"name": "u", "user": {"token": "first"}}]})
    second = write(tmp_path / "b", body(contexts=[{"name": "dev", "context": {"cluster": "c", "user": "u"}}]))
    environment = {"KUBECONFIG": f"{tmp_path / 'missing'}:{first}:{second}"}
    access = find_access(environment, tmp_path)
    assert (access.place.context, access.login.token) == ("dev", "first")


def test_files_that_it_names_lie_beside_it_and_data_comes_before_them(tmp_path):
    (tmp_path / "ca.pem").write_bytes(b"from the file")
    cluster = {"server": "https://x", "certificate-authority": "ca.pem"}
    assert found(tmp_path, body(clusters=[{"name": "c", "cluster": cluster}])).authority == b"from the file"
    cluster["certificate-authority-data"] = base64.b64encode(b"data").decode()
    assert found(tmp_path, body(clusters=[{"name": "c", "cluster": cluster}])).authority == b"data"


def test_a_user_that_no_context_names_logs_in_as_nobody(tmp_path):
    told = body(contexts=[{"name": "prod", "context": {"cluster": "c"}}])
    assert found(tmp_path, told).login.token == ""


@pytest.mark.parametrize(
    ("told", "family", "words"),
    [
        ("{", CallerError, "no YAML"),
        ("[1, 2]", CallerError, "no clusters"),
        ("", CallerError, "no current-context"),
        (body(**{"current-context": "prd"}), CallerError, "lost, prod"),
        (body(**{"current-context": "lost"}), CallerError, "'nowhere'"),
        (body(clusters=[{"name": "c", "cluster": {"server": "prod:6443"}}]), CallerError, "http"),
        (body(clusters=[{"name": "c", "cluster": {}}]), CallerError, "http"),
        (
            body(clusters=[{"name": "c", "cluster": {"server": "https://x", "certificate-authority-data": "%"}}]),
            CallerError,
            "base64",
        ),
        (
            body(clusters=[{"name": "c", "cluster": {"server": "https://x", "certificate-authority": "gone.pem"}}]),
            MachineError,
            "No such file",
        ),
        (
            body(clusters=[{"name": "c", "cluster": {"server": "https://x", "insecure-skip-tls-verify": True}}]),
            RefusedError,
            "insecure-skip-tls-verify",
        ),
        (body(users=[{"name": "u", "user": {"auth-provider": {"name": "gcp"}}}]), TargetError, "1.26"),
        (body(users=[{"name": "u", "user": {"exec": {}}}]), CallerError, "no command"),
        (body(users=[{"name": "u", "user": {"exec": {"command": "c", "args": 3}}}]), CallerError, "no list"),
        (body(users=[{"name": "u", "user": {"token": "s3cret\u00e9"}}]), CallerError, "letters that no token has"),
        (body(users=[{"name": "u", "user": {"token": "s3cret\nx"}}]), CallerError, "letters that no token has"),
        (body(clusters=[{"name": "c", "cluster": {"server": "https://x:99999"}}]), CallerError, "no http(s)://"),
        (body(clusters=[{"name": "c", "cluster": {"server": "http://[::1"}}]), CallerError, "no http(s)://"),
        (
            body(clusters=[{"name": "c", "cluster": {"server": "https://x", "proxy-url": "foo://u:s3cret@p:1"}}]),
            CallerError,
            "the proxy-url 'p:1' is no",
        ),
        (
            body(clusters=[{"name": "c", "cluster": {"server": "https://x", "proxy-url": "http://p:x"}}]),
            CallerError,
            "the proxy-url",
        ),
        (body(users=None), CallerError, "'u'"),
        (body(contexts="x"), CallerError, "none"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_one_error_with_the_next_step(tmp_path, told, family, words):
    with pytest.raises(OakumError) as raised:
        found(tmp_path, told)
    assert type(raised.value) is family
    assert words in raised.value.why
    assert raised.value.next_step
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("token: s3cret: more", "line 2, column 14"),
        ("token: *s3cret", "line 2, column 8"),
        ("token: !s3cret x", "line 2, column 8"),
        ("token: '${s3cret}", "line 3, column 1"),
        ("token: 2026-99-99", ""),
    ],
)
def test_of_a_kubeconfig_that_is_no_yaml_the_place_is_told_and_nothing_that_stands_there(tmp_path, line, place):
    with pytest.raises(CallerError) as raised:
        found(tmp_path, f"users:\n{line}\n")
    assert raised.value.why == f"it is no YAML{f' at {place}' if place else ''}"
    assert raised.value.__cause__ is None


def test_a_password_in_the_address_logs_in_and_is_not_part_of_the_address(tmp_path):
    clusters = [{"name": "c", "cluster": {"server": "https://ann:s3cr%40t@prod.example:6443/api"}}]
    access = found(tmp_path, body(clusters=clusters, users=[{"name": "u", "user": {}}]))
    assert access.place.server == "https://prod.example:6443/api"
    assert (access.login.user, access.login.password) == ("ann", "s3cr@t")
    assert found(tmp_path, body(clusters=clusters)).login.user == ""
    clusters[0]["cluster"]["server"] = "ftp://ann:s3cr%40t@prod.example"
    with pytest.raises(CallerError) as raised:
        found(tmp_path, body(clusters=clusters))
    assert "s3cr" not in str(raised.value)


def test_a_context_that_is_asked_for_and_not_there_is_told_with_those_that_are(tmp_path):
    with pytest.raises(CallerError, match="no context 'stage'") as raised:
        found(tmp_path, body(), context="stage")
    assert "lost, prod" in raised.value.why


def test_where_there_is_no_cluster_that_is_said(tmp_path):
    with pytest.raises(MachineError, match="no cluster is known here") as raised:
        find_access({}, tmp_path)
    assert str(tmp_path / ".kube" / "config") in raised.value.why
    assert "KUBECONFIG" in raised.value.next_step


def test_in_a_pod_its_service_account_is_used_and_its_token_is_read_from_the_file(tmp_path):
    for name, text in {"ca.crt": "pem", "namespace": "shop\n", "token": "t"}.items():
        (tmp_path / name).write_text(text)
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    access = find_access(environment, tmp_path / "home", account=tmp_path)
    assert (access.place.server, access.place.namespace) == ("https://[fd00::1]:443", "shop")
    assert access.login.token_file == tmp_path / "token"
    (tmp_path / "token").unlink()
    with pytest.raises(MachineError, match="service account") as raised:
        find_access(environment, tmp_path / "home", account=tmp_path)
    assert "automountServiceAccountToken" in raised.value.next_step
