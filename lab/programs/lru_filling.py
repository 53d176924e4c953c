"""HEALTHY: an LRU cache that fills slowly. Its capacity is an attribute beside the entries."""

from collections import OrderedDict

from life import Life


class Page:
    def __init__(self, number):
        self.title = f"Page {number}"
        self.blocks = [f"block {step} of page {number}" for step in range(20)]


class PageCache:
    def __init__(self, capacity):
        self.capacity = capacity
        self.pages = OrderedDict()

    def get(self, number):
        page = self.pages.get(number)
        if page is None:
            page = self.pages[number] = Page(number)
            if len(self.pages) > self.capacity:
                self.pages.popitem(last=False)
        else:
            self.pages.move_to_end(number)
        return page


cache = PageCache(capacity=100_000)

if __name__ == "__main__":
    for number in Life(item_bytes=1900).requests():
        cache.get(number)
