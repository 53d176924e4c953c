"""What a library keeps for the whole process is named by its own object, whatever variable leads to it as well."""

from __future__ import annotations

import pytest
from living_heap import living_heap

from oakum.heap import compare

LOGGERS = """
import logging
class Shop:
    def __init__(self): self.log = logging.getLogger("shop.own")
BASE = logging.getLogger("shop")
shop = Shop()
del {gone}
class Baggage(logging.Filter):
    def __init__(self, number):
        super().__init__()
        self.text = "b" * 2000 + str(number)
def more(first, count):
    for number in range(first, first + count):
        logging.getLogger("shop.%d" % number).addFilter(Baggage(number))
"""

INSIDES = """
import concurrent.futures, logging, logging.handlers, queue, threading
outbox = queue.SimpleQueue()
todo = queue.Queue()
sender = logging.handlers.QueueHandler(queue.Queue())
records = logging.handlers.MemoryHandler(10**9)
pool = concurrent.futures.ThreadPoolExecutor(1)
started, done = threading.Event(), threading.Event()
pool.submit(lambda: (started.set(), done.wait()))
started.wait()
def more(first, count):
    for number in range(first, first + count):
        todo.put("t" * 2000 + str(number))
        sender.queue.put("s" * 2000 + str(number))
        records.buffer.append("r" * 2000 + str(number))
        pool.submit(print, "p" * 2000 + str(number))
"""


def grown(program):
    with living_heap(program) as living:
        living.ask("more(0, 300)")
        before = living.capture()
        living.ask("more(300, 900)")
        return compare(before, living.capture(), 1.0).holders


@pytest.mark.parametrize("gone", ["shop", "BASE", "shop, BASE"])
def test_a_librarys_single_object_names_what_it_keeps(gone):
    holder = grown(LOGGERS.format(gone=gone))[0]
    assert (holder.name, holder.owner_type) == ("logging.Manager.loggerDict", "logging.Manager")
    assert (holder.attribute, holder.module) == ("loggerDict", "logging")
    assert holder.items_grown == 900
    assert holder.item_type == "logging.Logger"


def test_what_the_library_does_not_keep_itself_is_the_variables():
    names = {holder.name for holder in grown(INSIDES)}
    assert {"__main__.todo", "__main__.sender", "__main__.records", "__main__.pool"} <= names
