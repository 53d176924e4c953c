"""A certificate authority of the cluster's own, and what it signs, by openssl. They end with the cluster."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256", "-days", "30")


@dataclass(frozen=True, slots=True)
class Identity:
    """``user`` and ``group`` are what Kubernetes reads from CN and O; ``names``: what a server is reached by."""

    file: str
    user: str
    group: str = ""
    names: tuple[str, ...] = ()


class Authority:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        _openssl("req", "-x509", *_KEY, "-subj", "/CN=oakum-lab", *self._to("ca"))

    @property
    def certificate(self) -> Path:
        return self._folder / "ca.crt"

    def issue(self, identity: Identity) -> tuple[Path, Path]:
        """(certificate, key)."""
        subject = (f"/O={identity.group}" if identity.group else "") + f"/CN={identity.user}"
        names = ["-addext", f"subjectAltName={','.join(identity.names)}"] if identity.names else []
        signer = ["-CA", str(self.certificate), "-CAkey", str(self._folder / "ca.key")]
        plain = ["-addext", "basicConstraints=critical,CA:FALSE"]
        _openssl("req", "-x509", *signer, *_KEY, "-subj", subject, *plain, *names, *self._to(identity.file))
        return self._folder / f"{identity.file}.crt", self._folder / f"{identity.file}.key"

    def key_pair(self, name: str) -> tuple[Path, Path]:
        """(private, public): what signs the tokens of service accounts, and what proves them."""
        private, public = self._folder / f"{name}.key", self._folder / f"{name}.pub"
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", str(private))
        _openssl("pkey", "-in", str(private), "-pubout", "-out", str(public))
        return private, public

    def kubeconfig(self, identity: Identity, server: str, path: Path) -> Path:
        """As JSON, which is YAML too; it holds a key, so nobody else may read it."""
        certificate, key = self.issue(identity)
        cluster = {"server": server, "certificate-authority-data": _encoded(self.certificate)}
        user = {"client-certificate-data": _encoded(certificate), "client-key-data": _encoded(key)}
        path.touch(mode=0o600)
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "oakum-lab", "cluster": cluster}],
                    "users": [{"name": identity.user, "user": user}],
                    "contexts": [{"name": "oakum-lab", "context": {"cluster": "oakum-lab", "user": identity.user}}],
                    "current-context": "oakum-lab",
                },
                indent=1,
            ),
            encoding="ascii",
        )
        return path

    def _to(self, name: str) -> list[str]:
        return ["-out", str(self._folder / f"{name}.crt"), "-keyout", str(self._folder / f"{name}.key")]


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")
