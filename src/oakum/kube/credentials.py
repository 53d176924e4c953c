"""The header by which we are known, kept fresh: a token, a file that the kubelet renews, a login program.

Source: kubernetes.io/docs/reference/config-api/client-authentication.v1.
"""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import anyio

from oakum.kube.config import Access, Login, Plugin, sendable
from oakum.kube.faults import interrupted
from oakum.model.errors import MachineError, TargetError
from oakum.wire.tls import load

FILE_LASTS_S: Final = 60.0
"""A token in a file is read again after so long."""

EARLY_S: Final = 30.0
"""A token of a login program is renewed so long before it expires."""

PLUGIN_S: Final = 60.0
"""A login program may ask the user, or open a browser."""

_KIND: Final = "client.authentication.k8s.io/"


class Credentials:
    """Makes the Authorization header. ``certified`` is told certificate and key when a login program gave them."""

    def __init__(self, access: Access, certified: Callable[[bytes, bytes], None]) -> None:
        self._access, self._certified = access, certified
        self._told: dict[str, str] | None = None
        self._until_s = 0.0
        self._lock = anyio.Lock()

    async def headers(self) -> dict[str, str]:
        """Raises MachineError where a login program or a file is missing, TargetError where it refuses."""
        async with self._lock:
            if self._told is None or time.time() >= self._until_s:
                await self._renew()
            assert self._told is not None
            return self._told

    async def renewed(self, refused: Mapping[str, str]) -> bool:
        """Called when the server no longer takes ``refused``: whether there is another header now."""
        async with self._lock:
            if self._told == refused:
                await self._renew()
            return self._told != refused

    async def _renew(self) -> None:
        login = self._access.login
        if login.plugin is not None:
            try:
                self._told, self._until_s = await self._ask(login.plugin)
            except TargetError as exc:
                if self._told is None:
                    raise
                # It gave one before: a watch of hours bears a login that fails once.
                raise interrupted(exc.what, why=exc.why, next_step=exc.next_step) from exc
        elif login.token_file is not None:
            self._told, self._until_s = {"Authorization": _from_file(login)}, time.time() + FILE_LASTS_S
        else:
            self._told, self._until_s = _fixed(login), float("inf")

    async def _ask(self, plugin: Plugin) -> tuple[dict[str, str], float]:
        if plugin.version not in {f"{_KIND}v1", f"{_KIND}v1beta1"}:
            raise TargetError(
                f"the login program {plugin.command} speaks {plugin.version or 'no version'}",
                why=f"{_KIND}v1 and v1beta1 are understood",
                next_step="get the cluster's credentials again with a current version of your provider's tool",
            )
        asked = json.dumps(_info(self._access, plugin))
        environment = {**self._access.environment, **plugin.environment, "KUBERNETES_EXEC_INFO": asked}
        try:
            with anyio.fail_after(PLUGIN_S):
                done = await anyio.run_process(
                    [plugin.command, *plugin.arguments],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    check=False,
                )
        except FileNotFoundError as exc:
            raise MachineError(
                f"the login program {plugin.command} is not here",
                why="the kubeconfig names it, and it is not on the PATH",
                next_step=" ".join(plugin.hint.split()) or f"install {plugin.command}, then: kubectl get pods",
            ) from exc
        except (OSError, TimeoutError) as exc:
            why = str(exc) or f"it gave no answer in {PLUGIN_S:.0f} s"
            raise _login_failed(plugin, why) from exc
        if done.returncode:
            words = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise _login_failed(plugin, f"it ended with {done.returncode}: {words[-1][:200] if words else ''}")
        return self._taken(plugin, done.stdout)

    def _taken(self, plugin: Plugin, out: bytes) -> tuple[dict[str, str], float]:
        try:
            status = json.loads(out)["status"]
            token, expires = status.get("token", ""), status.get("expirationTimestamp", "")
            certificate, key = status.get("clientCertificateData", ""), status.get("clientKeyData", "")
            until_s = datetime.fromisoformat(expires).timestamp() - EARLY_S if expires else float("inf")
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            # Its output holds a token: none of it is shown.
            raise _login_failed(plugin, "what it printed is no ExecCredential") from exc
        if not isinstance(token, str) or not sendable(token):
            raise _login_failed(plugin, "its token holds letters that no token has")
        if certificate and key:
            self._certified(certificate.encode(), key.encode())
        return ({"Authorization": f"Bearer {token}"} if token else {}), until_s


def tls(access: Access) -> ssl.SSLContext:
    """Raises MachineError for certificates that cannot be used."""
    try:
        authority = access.authority.decode("ascii") if access.authority else None
        made = ssl.create_default_context(cadata=authority)
        if access.insecure:
            made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        if access.login.certificate:
            load(made, access.login.certificate, access.login.key)
    except (ssl.SSLError, ValueError, OSError) as exc:
        raise MachineError(
            f"the certificates of context {access.place.context} cannot be used",
            why=" ".join(str(exc).split()),
            next_step="kubectl config view --raw    # its certificate-authority-data and client-key-data",
        ) from exc
    return made


def _fixed(login: Login) -> dict[str, str]:
    if login.token:
        return {"Authorization": f"Bearer {login.token}"}
    if login.user:
        pair = base64.b64encode(f"{login.user}:{login.password}".encode()).decode("ascii")
        return {"Authorization": f"Basic {pair}"}
    return {}


def _from_file(login: Login) -> str:
    assert login.token_file is not None
    try:
        return f"Bearer {login.token_file.read_text(encoding='ascii').strip()}"
    except (OSError, ValueError) as exc:
        raise MachineError(
            f"cannot read the token {login.token_file}",
            why=getattr(exc, "strerror", None) or "it is no text",
            next_step=f"ls -l {login.token_file}",
        ) from exc


def _info(access: Access, plugin: Plugin) -> dict[str, object]:
    spec: dict[str, object] = {"interactive": False}
    if plugin.wants_cluster:
        authority = base64.b64encode(access.authority).decode("ascii")
        spec["cluster"] = {"server": access.place.server, "certificate-authority-data": authority}
    return {"apiVersion": plugin.version, "kind": "ExecCredential", "spec": spec}


def _login_failed(plugin: Plugin, why: str) -> TargetError:
    return TargetError(
        f"the login program {plugin.command} failed", why=why, next_step="kubectl auth whoami    # asks it the same way"
    )
