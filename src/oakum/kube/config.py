"""Which cluster, as whom: kubeconfig files as kubectl merges them, or the service account of the pod that we run in.

Source: kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig, client-go tools/clientcmd.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import yaml

from oakum.kube.places import config_files
from oakum.model.cluster import Place
from oakum.model.errors import CallerError, MachineError, RefusedError, TargetError

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
LARGEST: Final = 8 << 20
"""Bytes of a kubeconfig; what is larger is none."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A program that logs in. ``hint``: what its kubeconfig says of how to get it."""

    version: str
    command: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    wants_cluster: bool
    hint: str


@dataclass(frozen=True, slots=True)
class Login:
    """How the API server knows us; nothing of it is ever printed. Certificates and keys are PEM."""

    token: str = field(default="", repr=False)
    token_file: Path | None = None
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    plugin: Plugin | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """``authority``: PEM of who signed the server's certificate, b"" for this machine's own list.

    ``server_name``: which name that certificate must have, "" for the one in the address. ``proxy``: "" for none.
    """

    place: Place
    authority: bytes
    insecure: bool
    server_name: str
    proxy: str
    login: Login
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """That login programs run in."""

    @property
    def local(self) -> bool:
        """Whether the server is on this very machine."""
        host = urlsplit(self.place.server).hostname or ""
        return host in {"localhost", "::1"} or host.startswith("127.")


def find_access(
    environment: Mapping[str, str],
    home: Path,
    *,
    context: str = "",
    insecure: bool = False,
    account: Path = SERVICE_ACCOUNT,
) -> Access:
    """``context``: "" for the current one. ``insecure``: whether a server that proves nothing may be spoken to.

    Raises CallerError for a context that is not there or a file that is broken, MachineError where none is known.
    """
    files = config_files(environment, home)
    present = [file for file in files if file.exists()]
    if present:
        return replace(_from_files(present, context, insecure=insecure), environment=environment)
    if environment.get("KUBERNETES_SERVICE_HOST") and not context:
        return _from_account(environment, account)
    raise MachineError(
        "no cluster is known here",
        why=f"there is no {' nor '.join(map(str, files))}, and this is no pod of a cluster"
        if not context
        else f"context {context!r} is asked for, and there is no {' nor '.join(map(str, files))}",
        next_step="KUBECONFIG=FILE oakum …    # kubectl config view shows which file is used",
    )


def _from_files(files: Sequence[Path], context: str, *, insecure: bool) -> Access:
    """As kubectl: of an entry that several files have, the first holds."""
    entries: dict[str, dict[str, tuple[Mapping[str, Any], Path]]] = {"clusters": {}, "users": {}, "contexts": {}}
    current = ""
    for file in files:
        content = _read(file)
        current = current or _text(content, "current-context")
        for kind, found in entries.items():
            for entry in _list(content.get(kind)):
                name, body = _text(entry, "name"), entry.get(kind[:-1])
                if name:
                    found.setdefault(name, (body if isinstance(body, Mapping) else {}, file))
    wanted = context or current
    shown = ", ".join(sorted(entries["contexts"])) or "none"
    if not wanted:
        raise CallerError(
            "no context is chosen",
            why=f"{files[0]} names no current-context; it has: {shown}",
            next_step="kubectl config use-context NAME    # or kube://NAME, TARGET@NAME",
        )
    if wanted not in entries["contexts"]:
        near = get_close_matches(wanted, entries["contexts"], n=1, cutoff=0.5)
        raise CallerError(
            f"there is no context {wanted!r}",
            why=f"{' and '.join(map(str, files))} have: {shown}{f'; the nearest is {near[0]}' if near else ''}",
            next_step="kubectl config get-contexts",
        )
    body, file = entries["contexts"][wanted]
    cluster, cluster_file = _named(entries["clusters"], _text(body, "cluster"), "cluster", wanted, file)
    user, user_file = _named(entries["users"], _text(body, "user"), "user", wanted, file)
    server, login = _server(cluster, cluster_file, _login(user, user_file))
    place = Place(wanted, server, _text(body, "user"), _text(body, "namespace") or "default")
    return _access(place, cluster, cluster_file, login, insecure=insecure)


def _access(place: Place, cluster: Mapping[str, Any], file: Path, login: Login, *, insecure: bool) -> Access:
    skips = bool(cluster.get("insecure-skip-tls-verify"))
    if skips and not insecure:
        raise RefusedError(
            f"the cluster of context {place.context} is not spoken to",
            why=f"{file} says insecure-skip-tls-verify: whoever stands between could take its place, and our token",
            next_step="kubectl config set-cluster NAME --certificate-authority=FILE    # or OAKUM_KUBE_INSECURE=1, for"
            " a cluster of your own machine",
        )
    return Access(
        place,
        _content(cluster, "certificate-authority", file),
        skips,
        _text(cluster, "tls-server-name"),
        _proxy(cluster, file),
        login,
    )


def _from_account(environment: Mapping[str, str], account: Path) -> Access:
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment.get("KUBERNETES_SERVICE_PORT", "443")
    try:
        authority = (account / "ca.crt").read_bytes()
        namespace = (account / "namespace").read_text(encoding="utf-8").strip()
        (account / "token").read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise MachineError(
            "this pod has no service account to speak to its cluster with",
            why=str(exc),
            next_step="set automountServiceAccountToken: true on the pod, or KUBECONFIG=FILE",
        ) from exc
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    place = Place("in-cluster", server, "service account", namespace or "default")
    return Access(place, authority, insecure=False, server_name="", proxy="", login=Login(token_file=account / "token"))


def _read(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST + 1)
    except OSError as exc:
        raise MachineError(
            f"cannot read the kubeconfig {file}", why=exc.strerror or "", next_step=f"ls -l {file}"
        ) from exc
    try:
        content = yaml.safe_load(text) if len(text) <= LARGEST else None
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise _broken(file, f"it is no YAML{_where(exc)}") from None
    if content is None and not text.strip():
        return {}
    if not isinstance(content, Mapping):
        raise _broken(file, "it holds no clusters, users and contexts")
    return content


def _where(exc: Exception) -> str:
    """Its place, and nothing of the parser's own words: they quote the line, which may hold a token."""
    mark = exc.problem_mark or exc.context_mark if isinstance(exc, yaml.MarkedYAMLError) else None
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


def _named(
    entries: Mapping[str, tuple[Mapping[str, Any], Path]], name: str, kind: str, context: str, file: Path
) -> tuple[Mapping[str, Any], Path]:
    if not name and kind == "user":
        return {}, file
    if name not in entries:
        raise _broken(file, f"context {context!r} names the {kind} {name!r}, which no file has")
    return entries[name]


def _server(cluster: Mapping[str, Any], file: Path, login: Login) -> tuple[str, Login]:
    """Its address, which is printed, without the user and the password that may stand in it: these log in."""
    server = _text(cluster, "server").rstrip("/")
    parts = _address(server, {"http", "https"})
    if parts is None:
        raise _broken(file, f"the server {server.rpartition('@')[2]!r} is no http(s):// address")
    if parts.username and login == Login(certificate=login.certificate, key=login.key):
        login = replace(login, user=unquote(parts.username), password=unquote(parts.password or ""))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), login


def _proxy(cluster: Mapping[str, Any], file: Path) -> str:
    proxy = _text(cluster, "proxy-url")
    if proxy and _address(proxy, {"http", "https", "socks5", "socks5h"}) is None:
        raise _broken(file, f"the proxy-url {proxy.rpartition('@')[2]!r} is no http(s):// or socks5:// address")
    return proxy


def _address(told: str, schemes: Collection[str]) -> SplitResult | None:
    """None where it names no host, or a port that no host has."""
    try:
        parts = urlsplit(told)
        parts.port  # noqa: B018  (looked at: it raises where it is none)
    except ValueError:
        return None
    return parts if parts.scheme in schemes and parts.hostname and told.isprintable() else None


def _login(user: Mapping[str, Any], file: Path) -> Login:
    if user.get("auth-provider"):
        raise TargetError(
            "this kubeconfig logs in by an auth-provider, which no current Kubernetes knows any more",
            why=f"{file}: auth providers were removed in 1.26; login programs (exec) took their place",
            next_step="gcloud components install gke-gcloud-auth-plugin    # or your provider's own",
        )
    token, token_file = _text(user, "token"), _text(user, "tokenFile")
    if not sendable(token):
        raise _broken(file, "its token holds letters that no token has")
    return Login(
        token=token,
        token_file=file.parent / token_file if token_file else None,
        certificate=_content(user, "client-certificate", file),
        key=_content(user, "client-key", file),
        user=_text(user, "username"),
        password=_text(user, "password"),
        plugin=_plugin(user.get("exec"), file),
    )


def sendable(token: str) -> bool:
    """Whether HTTP can carry it."""
    return token.isascii() and token.isprintable()


def _plugin(told: object, file: Path) -> Plugin | None:
    if not isinstance(told, Mapping):
        return None
    command = _text(told, "command")
    if not command:
        raise _broken(file, "its exec has no command")
    arguments = told.get("args") or []
    if not isinstance(arguments, list):
        raise _broken(file, "the args of its exec are no list")
    # A name is looked up on the PATH; whatever holds a slash lies beside the kubeconfig.
    placed = str(file.parent / command) if "/" in command else command
    return Plugin(
        _text(told, "apiVersion"),
        placed,
        tuple(str(each) for each in arguments),
        {_text(each, "name"): _text(each, "value") for each in _list(told.get("env"))},
        bool(told.get("provideClusterInfo")),
        _text(told, "installHint"),
    )


def _content(body: Mapping[str, Any], name: str, file: Path) -> bytes:
    """The data that stands in the kubeconfig, before the file that it names; b"" for neither."""
    data, path = _text(body, f"{name}-data"), _text(body, name)
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as exc:
            raise _broken(file, f"its {name}-data is not base64") from exc
    if not path:
        return b""
    try:
        return (file.parent / path).read_bytes()
    except OSError as exc:
        raise MachineError(
            f"cannot read the {name} {file.parent / path}",
            why=f"{exc.strerror}; {file} names it",
            next_step=f"ls -l {file.parent / path}",
        ) from exc


def _list(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _broken(file: Path, why: str) -> CallerError:
    return CallerError(f"the kubeconfig {file} is broken", why=why, next_step="kubectl config view")
