"""etcd and what of Kubernetes runs once in a cluster."""

from __future__ import annotations

import ssl

from lab.cluster.build import Programs
from lab.cluster.certificates import Authority, Identity
from lab.cluster.component import Component, free_ports, says_ok, unchecked
from lab.cluster.network import API_PORT
from lab.cluster.place import Place

QUICK = ("--kube-api-qps=500", "--kube-api-burst=1000")
"""Thousands of pods are made in a minute, and not in five."""
ADMIN = Identity("admin", "admin", "system:masters")


def server(place: Place) -> str:
    return f"https://{place.gateway}:{API_PORT}"


def control_plane(place: Place, programs: Programs, authority: Authority) -> list[Component]:
    """In the order in which they need each other."""
    authority.kubeconfig(ADMIN, server(place), place.kubeconfig)
    context = admin_context(authority)
    private, public = authority.key_pair("accounts")
    etcd, peer, controllers, scheduler = free_ports(4)
    return [
        Component(
            "etcd",
            (
                str(programs.etcd),
                f"--data-dir={place.folder / 'etcd'}",
                f"--listen-client-urls=http://127.0.0.1:{etcd}",
                f"--advertise-client-urls=http://127.0.0.1:{etcd}",
                f"--listen-peer-urls=http://127.0.0.1:{peer}",
                f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
                f"--initial-cluster=default=http://127.0.0.1:{peer}",
                "--unsafe-no-fsync",
                "--log-level=warn",
            ),
            lambda: says_ok(f"http://127.0.0.1:{etcd}/health"),
        ),
        Component(
            "kube-apiserver",
            (
                programs["kube-apiserver"],
                f"--etcd-servers=http://127.0.0.1:{etcd}",
                f"--bind-address={place.gateway}",
                f"--advertise-address={place.gateway}",
                f"--secure-port={API_PORT}",
                f"--service-cluster-ip-range={place.service_range}",
                "--authorization-mode=Node,RBAC",
                "--enable-admission-plugins=NodeRestriction",
                "--allow-privileged=true",
                f"--client-ca-file={authority.certificate}",
                *_served(authority, _served_identity(place)),
                *_kubelet_client(authority),
                "--kubelet-preferred-address-types=InternalIP",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={public}",
                f"--service-account-signing-key-file={private}",
            ),
            lambda: says_ok(f"{server(place)}/readyz", context),
        ),
        Component(
            "kube-controller-manager",
            (
                programs["kube-controller-manager"],
                *_client(authority, place, "system:kube-controller-manager"),
                "--bind-address=127.0.0.1",
                f"--secure-port={controllers}",
                "--leader-elect=false",
                *QUICK,
                f"--service-account-private-key-file={private}",
                f"--root-ca-file={authority.certificate}",
                "--use-service-account-credentials=true",
            ),
            # Pods are refused until their namespace has its service account.
            lambda: says_ok(f"{server(place)}/api/v1/namespaces/default/serviceaccounts/default", context),
        ),
        Component(
            "kube-scheduler",
            (
                programs["kube-scheduler"],
                *_client(authority, place, "system:kube-scheduler"),
                "--bind-address=127.0.0.1",
                f"--secure-port={scheduler}",
                "--leader-elect=false",
                *QUICK,
            ),
            lambda: says_ok(f"https://127.0.0.1:{scheduler}/readyz", unchecked()),
        ),
    ]


def admin_context(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(*authority.issue(ADMIN))
    return context


def _served_identity(place: Place) -> Identity:
    reached = (f"IP:{place.gateway}", f"IP:{place.service}", "DNS:kubernetes.default.svc", "DNS:kubernetes.default")
    return Identity("apiserver", "kube-apiserver", "", reached)


def _served(authority: Authority, identity: Identity) -> list[str]:
    certificate, key = authority.issue(identity)
    return [f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}"]


def _kubelet_client(authority: Authority) -> list[str]:
    certificate, key = authority.issue(Identity("apiserver-client", "kube-apiserver", "system:masters"))
    return [
        f"--kubelet-client-certificate={certificate}",
        f"--kubelet-client-key={key}",
        f"--kubelet-certificate-authority={authority.certificate}",
    ]


def _client(authority: Authority, place: Place, user: str) -> list[str]:
    name = user.removeprefix("system:")
    path = authority.kubeconfig(Identity(name, user), server(place), place.folder / "certificates" / f"{name}.json")
    return [f"--{use}={path}" for use in ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")]
