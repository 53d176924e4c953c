"""Servers that are silent, that are something else, or that refuse."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager

import anyio
import pytest

from oakum.model.errors import DeniedError, SilentError, TargetError
from oakum.redis_family import link as linking
from oakum.redis_family.access import Access
from oakum.redis_family.faults import absent_of, denied, right
from oakum.redis_family.link import Link, packed

SECRET = "s3cret"


@contextmanager
def answering(*answers):
    """What each connection is sent, whatever it asks; None: nothing, and it stays open."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve():
        for answer in answers:
            try:
                taken, _ = server.accept()
                held.append(taken)
                if answer is not None:
                    taken.recv(65536)
                    taken.sendall(answer)
                    taken.shutdown(socket.SHUT_WR)
            except OSError:  # who asked has gone
                return

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    try:
        yield Access("redis", "127.0.0.1", server.getsockname()[1], password="")
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        serving.join()
        server.close()
        for taken in held:
            taken.close()


def asked(access, *words, many=False):
    async def ask():
        link = Link(access)
        try:
            return await (link.ask_many([words], name=words[0]) if many else link.ask(*words))
        finally:
            await link.close()

    return anyio.run(ask)


def test_commands_go_out_with_the_length_of_each_word():
    assert packed([("SCAN", b"0", "COUNT", 10), ("TTL", b"a\r\nb")]) == [
        b"*4\r\n$4\r\nSCAN\r\n$1\r\n0\r\n$5\r\nCOUNT\r\n$2\r\n10\r\n*2\r\n$3\r\nTTL\r\n$4\r\na\r\nb\r\n"
    ]


def test_one_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(linking, "DEADLINE_S", 0.2)
    monkeypatch.setattr(linking, "MANY_S", 0.2)
    for many in (False, True):
        with answering(None) as access, pytest.raises(SilentError, match="does not answer in time"):
            asked(access, "PING", many=many)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"$100\r\nhalf", b"\x15\x03\x01\x00\x02\x02"]
)
def test_what_is_no_such_server_is_a_target_error(answer):
    with answering(answer) as access, pytest.raises(TargetError) as caught:
        asked(access, "PING")
    assert caught.value.next_step


def test_nobody_there_is_a_target_error():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(TargetError, match="cannot be reached"):
        asked(Access("redis", "127.0.0.1", port, password=SECRET), "PING")


@pytest.mark.parametrize(
    ("words", "get"),
    [
        ("NOPERM this user has no permissions to run the 'scan' command", "ACL SETUSER viewer +scan"),
        ("NOPERM User viewer has no permissions to run the 'scan' command", "ACL SETUSER viewer +scan"),
        ("NOPERM No permissions to access a key", "ACL SETUSER viewer '%R~*'"),
        ("ERR unknown command 'SCAN', with args beginning with: '0'", ""),
    ],
)
def test_what_is_refused_is_told_with_the_right_that_would_get_it(words, get):
    with answering(f"-{words}\r\n".encode()) as access, pytest.raises(DeniedError) as caught:
        asked(access, "SCAN", 0)
    absent = absent_of("keys by pattern", caught.value, "viewer", access)
    assert absent.get.endswith(get)
    assert bool(absent.get) == bool(get)


def test_an_error_among_many_answers_stands_in_its_place():
    with answering(b"-NOPERM no\r\n") as access:
        (told,) = asked(access, "TTL", b"a", many=True)
    assert isinstance(told, DeniedError)


def test_a_password_that_is_wrong_is_never_said():
    with answering(b"-WRONGPASS invalid username-password pair or user is disabled.\r\n") as access:
        login = Access("redis", access.host, access.port, user="ann", password=SECRET)
        with pytest.raises(TargetError) as caught:
            asked(login, "PING")
    assert "does not let us in" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        "ERR AUTH <password> called without any password configured for the default user. Are you sure?",
        "ERR Client sent AUTH, but no password is set",
    ],
)
def test_a_password_for_a_server_that_has_none_is_to_be_left_out(words):
    with answering(f"-{words}\r\n".encode()) as access:
        login = Access("redis", access.host, access.port, password=SECRET)
        with pytest.raises(TargetError) as caught:
            asked(login, "PING")
    assert "it has none" in caught.value.why
    assert caught.value.next_step.endswith(f"oakum investigate {login.place}    # leave the password out")
    assert "set REDISCLI_AUTH" not in caught.value.next_step


def test_a_name_that_is_odd_is_made_fit_for_a_shell():
    access = Access("redis", "h", 6379, user="a;id")
    assert right(denied("SCAN", "NOPERM no"), "", access).endswith("ACL SETUSER 'a;id' +scan")
    assert right(denied("SCAN", "NOPERM access a key"), "b$c", access).endswith("ACL SETUSER 'b$c' '%R~*'")
