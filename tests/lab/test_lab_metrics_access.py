"""Who a real Prometheus lets in: certificates of our own making, and a password that it keeps as bcrypt does."""

from __future__ import annotations

import base64
import shutil
import ssl
import subprocess
from urllib.request import HTTPSHandler, build_opener

import pytest
from programs import oakum

from lab.metrics.planted import World, leak
from lab.metrics.servers import secured

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        not (shutil.which("prometheus") and shutil.which("promtool") and shutil.which("openssl")),
        reason="no prometheus or no openssl: apt-get install prometheus openssl",
    ),
]

PASSWORD = "hold fast"
HASH = "$2b$04$abcdefghijklmnopqrstuue4yJuYnGb7.Uo76M5AZp1Szv2N6jhwO"
"""Of that password."""


def openssl(folder, *arguments):
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)


def authority(folder, name):
    own = ("-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", 2)
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *own)


def certificate(folder, name, by):
    """For the address of loopback, and for no name."""
    own = ("-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *own)
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ("-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-days", 2, "-extfile", "names")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Their folder: ``me`` and ``server`` are of one authority, ``stranger`` is of another."""
    folder = tmp_path_factory.mktemp("keys")
    authority(folder, "ours")
    authority(folder, "theirs")
    for name, by in (("server", "ours"), ("me", "ours"), ("stranger", "theirs")):
        certificate(folder, name, by)
    return folder


@pytest.fixture(scope="module")
def world():
    made = World(hours=6.0)
    for where in made.deployed("shop", "cart", "7d9c5b8f4", 1, limit_mib=1024):
        made.run(where, 0, leak(150, 25), begin_s=made.start_s - 6 * 3600)
    return made


@pytest.fixture(scope="module")
def address(keys, world, tmp_path_factory):
    """It wants a certificate of our authority, and then a password."""
    web = {
        "tls_server_config": {
            "cert_file": str(keys / "server.pem"),
            "key_file": str(keys / "server.key"),
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_ca_file": str(keys / "ours.pem"),
        },
        "basic_auth_users": {"oncall": HASH},
    }
    context = ssl.create_default_context(cafile=keys / "ours.pem")
    context.load_cert_chain(keys / "me.pem", keys / "me.key")
    opener = build_opener(HTTPSHandler(context=context))
    word = base64.b64encode(f"oncall:{PASSWORD}".encode()).decode()
    opener.addheaders = [("Authorization", f"Basic {word}")]
    with secured(tmp_path_factory.mktemp("secured"), world, web, opener) as found:
        yield found


@pytest.fixture
def scan(address, keys, world, tmp_path):
    """By the command. ``who``: the certificate, "" for none; ``password``: from a file, None for none."""

    def scanned(who, password, *, at=address):
        login = {"AUTHORITY_FILE": keys / "ours.pem"}
        if who:
            login |= {"CERTIFICATE_FILE": keys / f"{who}.pem", "KEY_FILE": keys / f"{who}.key"}
        if password is not None:
            (tmp_path / "password").write_text(f"{password}\n")
            login |= {"USER": "oncall", "PASSWORD_FILE": tmp_path / "password"}
        environment = {f"OAKUM_PROMETHEUS_{name}": str(value) for name, value in login.items()}
        window = ("--window", "6h", "--at", str(world.end_s))
        run = oakum("scan", at, *window, "-o", "json", environment=environment)
        assert (password or PASSWORD) not in run.out + run.err
        return run

    return scanned


def test_who_has_the_certificate_and_the_password_reads(scan):
    run = scan("me", PASSWORD)
    assert run.code == 1, run.err
    (row,) = run.json["series"]
    assert (row["id"], row["verdict"]) == ("deploy/shop/cart/app", "leak")
    assert "by remote read" in run.json["warnings"][-1]


@pytest.mark.parametrize(
    ("who", "password", "words", "next_step"),
    [
        ("", PASSWORD, "wants a client certificate", "OAKUM_PROMETHEUS_CERTIFICATE_FILE"),
        ("stranger", PASSWORD, "does not take our client certificate", "openssl x509"),
        ("me", None, "does not let us in", "OAKUM_PROMETHEUS_USER"),
        ("me", "let go", "does not let us in", "OAKUM_PROMETHEUS_USER"),
    ],
)
def test_anyone_else_is_told_what_is_wanted_once(scan, who, password, words, next_step):
    run = scan(who, password)
    assert run.code == 3
    assert not run.out
    assert run.err.count("next:") == 1
    assert words in run.err
    assert next_step in run.err.split("next:")[1]


def test_the_wrong_protocol_is_told_with_the_right_address(scan, address):
    plain = address.replace("https", "http")
    run = scan("", None, at=plain)
    assert run.code == 3
    assert "speaks TLS only" in run.err
    assert f"oakum scan {address}" in run.err


def test_a_name_that_the_certificate_lacks_is_told_apart_from_a_stranger(scan, address):
    run = scan("me", PASSWORD, at=address.replace("127.0.0.1", "localhost"))
    assert run.code == 3
    assert "subjectAltName" in run.err
