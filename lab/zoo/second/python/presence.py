#: says = "members are filed in the hub under their session id and taken out under their nickname on leaving, so the hub keeps the state of every session"
#: kind = "leak"
#: causes = ["session-state"]
#: holder = ["Hub", "by_session"]
#: per_s = 250
#: limit_mib = 512
"""Chat presence: clients join a room, post a line, read the room's tail and leave."""
import asyncio
import json
import os
import secrets
import sys
from collections import deque


class Member:
    def __init__(self, session_id, nickname):
        self.session_id = session_id
        self.nickname = nickname
        self.outbox = deque(maxlen=64)
        self.typing = False
        self.profile = {
            "nickname": nickname,
            "avatar": f"/avatars/{nickname}.png",
            "badges": [f"badge-{nickname}-{i}" for i in range(12)],
            "prefs": {f"pref{i}": f"{session_id}/{i}" for i in range(24)},
        }

    def send(self, message):
        self.outbox.append(message)


class Room:
    def __init__(self, name):
        self.name = name
        self.members = {}
        self.tail = deque(maxlen=20)

    def join(self, member):
        self.members[member.session_id] = member
        for line in self.tail:
            member.send({"replay": True, "line": line})

    def leave(self, member):
        self.members.pop(member.session_id, None)

    def say(self, member, text):
        line = f"{member.nickname}: {text}"
        self.tail.append(line)
        for other in self.members.values():
            other.send({"replay": False, "line": line})


class Hub:
    def __init__(self, rooms):
        self.rooms = [Room(f"room-{i}") for i in range(rooms)]
        self.by_session = {}
        self.joined = 0

    def enter(self, n):
        session_id = f"{n}.{secrets.token_hex(6)}"
        member = Member(session_id, f"guest{n}")
        self.by_session[session_id] = member
        self.joined += 1
        room = self.rooms[n % len(self.rooms)]
        room.join(member)
        return room, member

    def part(self, room, member):
        room.leave(member)
        self.by_session.pop(member.nickname, None)    #~ leak
        self.by_session.pop(member.session_id, None)  #~ fixed


class HttpConversation(asyncio.Protocol):
    def __init__(self, hub):
        self.hub = hub
        self.transport = None
        self.received = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        while True:
            head, separator, rest = self.received.partition(b"\r\n\r\n")
            if not separator:
                return
            self.received = rest
            self.respond(head.split(b" ", 2)[1].decode())

    def respond(self, path):
        n = int(path[1:]) if path[1:].isdigit() else 0
        room, member = self.hub.enter(n)
        room.say(member, f"hello number {n}")
        body = json.dumps({"room": room.name, "joined": self.hub.joined,
                           "inbox": len(member.outbox)}).encode()
        self.hub.part(room, member)
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)


async def main():
    loop = asyncio.get_running_loop()
    hub = Hub(rooms=40)
    server = await loop.create_server(lambda: HttpConversation(hub), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"ready pid={os.getpid()} port={port}", flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
