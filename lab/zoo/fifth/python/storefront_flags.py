#: says = "every request subscribes a functools.partial to the flag store and unsubscribes another, unequal partial, so the handler set of the topic keeps each request's page"
#: kind = "leak"
#: causes = ["listener"]
#: holder = ["FlagStore", "_handlers"]
#: per_s = 250
#: limit_mib = 512
"""Storefront pages driven by feature flags."""
import asyncio
import os
import sys
from collections import defaultdict
from functools import partial


class FlagStore:
    def __init__(self, values):
        self._values = dict(values)
        self._handlers = defaultdict(set)
        self.revision = 1

    def get(self, name):
        return self._values.get(name)

    def on(self, name, handler):
        self._handlers[name].add(handler)

    def off(self, name, handler):
        self._handlers[name].discard(handler)

    def update(self, name, value):
        if self._values.get(name) == value:
            return
        self._values[name] = value
        self.revision += 1
        for handler in tuple(self._handlers[name]):
            handler(value)


class Widget:
    def __init__(self, slot, product, price):
        self.slot = slot
        self.product = product
        self.price = price
        self.attrs = {"sku": f"SKU-{product:07d}", "href": f"/p/{product}?slot={slot}"}

    def html(self):
        return f"<a href='{self.attrs['href']}'>{self.attrs['sku']} {self.price:.2f}</a>"


class Page:
    def __init__(self, number):
        self.number = number
        self.layout = "grid"
        self.widgets = []

    def fill(self, dense):
        count = 14 if dense else 10
        for slot in range(count):
            product = (self.number * 7919 + slot * 104729) % 9_000_000
            self.widgets.append(Widget(slot, product, product % 9973 / 7))

    def relayout(self, region, value):
        self.layout = "dense" if value else f"grid-{region}"

    def render(self):
        return "".join(w.html() for w in self.widgets)


class Storefront:
    REGIONS = ("eu", "us", "apac")

    def __init__(self, flags):
        self.flags = flags
        self.served = 0

    async def show(self, number):
        region = self.REGIONS[number % 3]
        page = Page(number)
        self.flags.on("catalog.dense", partial(page.relayout, region))  #~ leak
        relayout = partial(page.relayout, region)  #~ fixed
        self.flags.on("catalog.dense", relayout)  #~ fixed
        try:
            page.fill(self.flags.get("catalog.dense"))
            await asyncio.sleep(0.002)
            html = page.render()
        finally:
            self.flags.off("catalog.dense", partial(page.relayout, region))  #~ leak
            self.flags.off("catalog.dense", relayout)  #~ fixed
        self.served += 1
        return f"page {number} {page.layout} {len(html)} chars\n"


async def serve_client(shop, reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            body = (await shop.show(int(path.strip("/") or 0))).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    shop = Storefront(FlagStore({"catalog.dense": True, "checkout.express": False}))
    server = await asyncio.start_server(partial(serve_client, shop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"ready pid={os.getpid()} port={port}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
