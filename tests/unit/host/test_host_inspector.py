"""The inspector's protocol against a server of our own: its replies, and what no inspector would say."""

from __future__ import annotations

import json
import os
import signal
import threading
from http import HTTPStatus

import pytest
from agent_pipes import pipes
from live_child import live_child
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.sync.server import serve

from oakum.host.afar.agent import Agent, command
from oakum.host.afar.debuggees import AfarDebuggees
from oakum.host.inspector import LiveDebuggees, LiveInspection
from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Listener
from oakum.model.errors import DataError, TargetError

VERSION = b'{"Browser": "node.js/v20.20.2", "Protocol-Version": "1.1"}'
LIST = b'[{"id": "5f0c-11"}]'


class Inspector:
    """``pages``: what GET answers. ``answer`` is given each message and the connection."""

    def __init__(self):
        self.pages = {"/json/version": VERSION, "/json/list": LIST}
        self.paths, self.messages = [], []
        self.left = threading.Event()
        self.answer = lambda message, say: say({"id": message["id"], "result": {"value": 5}})

    def page(self, connection, request):
        del connection
        self.paths.append(request.path)
        if request.path not in self.pages:
            return None
        body = self.pages[request.path]
        headers = Headers({"Content-Length": str(len(body)), "Connection": "close"})
        return Response(HTTPStatus.OK, "OK", headers, body)

    def talk(self, connection):
        try:
            for text in connection:
                message = json.loads(text)
                self.messages.append(message)
                self.answer(message, lambda told: connection.send(told if isinstance(told, str) else json.dumps(told)))
        except ConnectionClosed:
            self.left.set()


@pytest.fixture
def inspector():
    return Inspector()


@pytest.fixture
def listener(inspector):
    with serve(inspector.talk, "127.0.0.1", 0, process_request=inspector.page, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Listener("127.0.0.1", server.socket.getsockname()[1])
        server.shutdown()
        thread.join()


@pytest.fixture(params=["this machine", "from afar"])
def debuggees(request):
    if request.param == "this machine":
        yield LiveDebuggees()
        return
    with pipes(command()) as channel:
        yield AfarDebuggees(Agent(channel))


@pytest.fixture
def debuggee(debuggees):
    found = debuggees.open(os.getpid())
    yield found
    found.close()


@pytest.fixture
def joined(debuggee, listener):
    found = debuggee.connect(listener)
    yield found
    found.close()


def test_a_node_is_known_by_its_greeting_and_attached_to_by_the_name_it_gives(inspector, debuggee, listener, joined):
    assert debuggee.inspector(listener) == "20.20.2"
    assert joined.ask("Runtime.evaluate", {"expression": "2 + 3"}, within_s=5.0) == {"value": 5}
    assert inspector.messages == [{"id": 1, "method": "Runtime.evaluate", "params": {"expression": "2 + 3"}}]
    assert "/5f0c-11" in inspector.paths


def test_events_between_question_and_answer_are_heard_in_order(inspector, joined):
    def answer(message, say):
        for piece in ("a", "b"):
            say({"method": "HeapProfiler.addHeapSnapshotChunk", "params": {"chunk": piece}})
        say({"method": "odd", "params": None})
        say({"id": message["id"], "result": {}})

    inspector.answer = answer
    heard = []
    joined.ask("x", within_s=5.0, heard=lambda name, values: heard.append((name, values["chunk"])))
    assert heard == [("HeapProfiler.addHeapSnapshotChunk", "a"), ("HeapProfiler.addHeapSnapshotChunk", "b")]


@pytest.mark.parametrize(
    ("page", "body"),
    [
        ("/json/version", b"<html>"),
        ("/json/version", b"[]"),
        ("/json/version", b'{"Browser": "Chrome/125"}'),
        ("/json/version", b'{"Browser": 7}'),
        ("/json/version", b""),
    ],
)
def test_something_else_that_answers_is_no_inspector(inspector, debuggee, listener, page, body):
    inspector.pages[page] = body
    assert isinstance(debuggee.inspector(listener), Absent)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'[{"id": "../../x"}]', b'[{"id": 5}]', b"[7]", b"nothing"])
def test_one_that_offers_nothing_to_attach_to_is_absent(inspector, debuggee, listener, body):
    inspector.pages["/json/list"] = body
    assert isinstance(debuggee.connect(listener), Absent)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ("no json", DataError),
        ("[1, 2]", DataError),
        ({"id": 1, "error": {"message": "not allowed"}}, TargetError),
        ({"id": 1}, TargetError),
        ({"id": 1, "result": 5}, TargetError),
    ],
)
def test_what_is_no_answer_is_an_error(inspector, joined, told, error):
    inspector.answer = lambda _, say: say(told)
    with pytest.raises(error):
        joined.ask("x", within_s=5.0)


def test_silence_ends_in_time_and_a_closed_connection_at_once(inspector, joined):
    inspector.answer = lambda *_: None
    with pytest.raises(TargetError, match="does not answer"):
        joined.ask("x", within_s=0.05)
    joined.close()
    with pytest.raises(TargetError, match="closed the connection"):
        joined.ask("x", within_s=5.0)


def test_it_is_listened_to_until_enough_was_heard_or_the_time_is_up(inspector, joined):
    def answer(message, say):
        say({"id": message["id"], "result": {}})
        for number in (1, 2, 3):
            say({"method": "late", "params": {"number": number}})

    inspector.answer = answer
    heard = []
    joined.ask("x", within_s=5.0)
    joined.listen(
        lambda: len(heard) == 2, within_s=5.0, heard=lambda name, values: heard.append((name, values["number"]))
    )
    assert heard == [("late", 1), ("late", 2)]
    joined.listen(lambda: False, within_s=0.05, heard=lambda name, values: heard.append((name, values["number"])))
    assert heard[2:] == [("late", 3)]
    joined.close()
    with pytest.raises(TargetError, match="closed the connection"):
        joined.listen(lambda: False, within_s=5.0, heard=lambda *_: None)


def test_where_nobody_listens_there_is_no_inspector(debuggee):
    found = debuggee.inspector(Listener("127.0.0.1", 1))
    assert found.kind is AbsentKind.UNREADABLE
    assert isinstance(debuggee.connect(Listener("127.0.0.1", 1)), Absent)


def test_a_process_that_is_not_there_is_told(debuggees):
    with pytest.raises(TargetError):
        debuggees.open(2**22 + 5)


def test_where_it_listens_and_who_else_does_is_told(debuggee, listener):
    assert listener in debuggee.listeners()
    assert listener in debuggee.taken()


def test_it_is_woken_by_one_signal_and_only_where_it_handles_it(debuggees):
    with live_child() as child:
        found = debuggees.open(child.pid)
        assert signal.SIGUSR1 not in found.dispositions().caught
        assert child.ask(f"note {int(signal.SIGUSR1)}") == "note"
        assert signal.SIGUSR1 in found.dispositions().caught
        found.wake()
        assert child.answer() == f"signal {int(signal.SIGUSR1)}"
        child.end()
        with pytest.raises(TargetError):
            found.wake()
        found.close()


def test_a_message_of_many_mebibytes_comes_whole_and_so_does_a_long_question(inspector, joined):
    told = "Größe" * (1 << 18)

    def answer(message, say):
        say({"id": message["id"], "result": {"value": told, "asked": len(message["params"]["value"])}})

    inspector.answer = answer
    # 300,000: more than goes into one request of the agent's, and than its pipe takes.
    assert joined.ask("x", {"value": "x" * 300_000}, within_s=10.0) == {"value": told, "asked": 300_000}


@pytest.mark.parametrize("ends", ["killed", "cut"])
def test_an_agent_that_is_lost_in_the_middle_is_one_target_error_and_its_connection_is_gone(inspector, listener, ends):
    inspector.answer = lambda *_: None
    with pipes(command()) as channel:
        agent = Agent(channel)
        debuggee = AfarDebuggees(agent).open(os.getpid())
        joined = debuggee.connect(listener)
        assert isinstance(joined, LiveInspection)
        if ends == "killed":
            os.kill(agent.greeting.pid, signal.SIGKILL)
        else:
            channel.process.stdin.close()
        with pytest.raises(TargetError, match=r"closed the connection|has ended"):
            joined.ask("x", within_s=10.0)
        joined.close()
        assert channel.process.wait(10) == (-signal.SIGKILL if ends == "killed" else 0)
    assert inspector.left.wait(10.0)
