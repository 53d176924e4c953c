"""An HTTP/1.1 server for GETs: one thread for each connection, or one event loop where the handler is a coroutine."""

import asyncio
import inspect
import itertools
import os
import socket
import sys
import threading

REPLY = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n"


def serve(handle):
    """Until standard input closes. ``handle(number, path)`` gives the text of each answer."""
    if inspect.iscoroutinefunction(handle):
        asyncio.run(_serve_in_loop(handle))
        return
    numbers = itertools.count()
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    threading.Thread(target=_accept, args=(listening, handle, numbers), name="accept", daemon=True).start()
    _ready(listening.getsockname()[1])
    sys.stdin.read()


def _ready(port):
    print(f"ready pid={os.getpid()} port={port}", flush=True)


def _accept(listening, handle, numbers):
    while True:
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_answer, args=(connection, handle, numbers), name="http", daemon=True).start()


def _answer(connection, handle, numbers):
    with connection, connection.makefile("rb") as incoming:
        while first := incoming.readline():
            while incoming.readline() not in (b"\r\n", b""):
                pass
            text = handle(next(numbers), first.split()[1].decode())
            connection.sendall(_reply(text))


def _reply(text):
    body = text.encode()
    return REPLY.format(len(body)).encode() + body


async def _serve_in_loop(handle):
    numbers = itertools.count()

    async def answer(reader, writer):
        while first := await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                pass
            writer.write(_reply(await handle(next(numbers), first.split()[1].decode())))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    _ready(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(sys.stdin.read)
    server.close()
