"""Logs as services write them: of a web service in Java, JSON lines of Node.js, access lines; with errors far apart."""

from __future__ import annotations

import random
from collections.abc import Iterator

_FAILED = (
    "{at} ERROR [http-nio-8080-exec-{n}] c.a.shop.Checkout - order {id} failed\n"
    "java.lang.IllegalStateException: no price for sku-{m}\n"
    "\tat com.acme.shop.Checkout.total(Checkout.java:118) ~[app.jar!/:1.4]\n"
    "\tat java.base/java.util.stream.ReferencePipeline.collect(ReferencePipeline.java:682) ~[na:na]\n"
    "\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:190)\n"
)
_JAVA = (
    "{at} INFO  [http-nio-8080-exec-{n}] c.a.shop.CartController - cart {id} updated, {n} items, total {m} EUR\n",
    '{at} DEBUG [http-nio-8080-exec-{n}] o.s.web.servlet.DispatcherServlet - GET "/api/carts/{id}", parameters={{}}\n',
    "{at} DEBUG [pool-2-thread-{n}] c.a.shop.PriceCache - cache hit for sku-{id}, {m} entries, age {n} s\n",
    "{at} INFO  [main] com.zaxxer.hikari.HikariDataSource - HikariPool-1 - Pool stats (total={n}, active=3)\n",
    "{at} WARN  [scheduler-{n}] c.a.shop.Mailer - mail {id} was refused, next try in {m} s\n",
    _FAILED,
)
_REQUEST = (
    '{{"level":30,"time":1795327557{m:03d},"pid":17,"hostname":"cart-7d9f","reqId":"{id}","req":{{"method":"GET",'
    '"url":"/api/carts/{id}"}},"msg":"request completed","responseTime":{n}.{m}}}\n'
)
_GET = (
    '10.0.{n}.7 - - [22/Nov/2026:06:05:57 +0000] "GET /static/app.{id}.js HTTP/1.1" 200 {m} "https://shop.example/"'
    ' "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"\n'
)
KINDS = {"Java service": _JAVA, "JSON lines": (_REQUEST,), "access log": (_GET,)}

ERROR = (
    "{at} ERROR [http-nio-8080-exec-1] o.a.c.c.C.[dispatcherServlet] - Handler dispatch failed;"
    " nested exception is java.lang.OutOfMemoryError: Java heap space\n"
    "\tat com.acme.shop.PriceCache.put(PriceCache.java:57)\n"
)


def blocks(kind: str, size_bytes: int, *, error_every_bytes: int = 16 << 20, seed: int = 9) -> Iterator[bytes]:
    """About ``size_bytes`` in pieces of 1 MiB or so, one error in each ``error_every_bytes``."""
    chance = random.Random(seed)
    forms = KINDS[kind]
    made, errors = 0, 0
    at = "2026-11-22 06:05:57,123"
    page = [
        chance.choice(forms).format(
            at=at, n=chance.randrange(64), m=chance.randrange(1000), id=f"{chance.getrandbits(40):x}"
        )
        for _ in range(40_000)
    ]
    while made < size_bytes:
        start = chance.randrange(len(page) - 7000)
        block = "".join(page[start : start + 7000])
        if made >= errors * error_every_bytes:
            block += ERROR.format(at=at)
            errors += 1
        data = block.encode()
        made += len(data)
        yield data
