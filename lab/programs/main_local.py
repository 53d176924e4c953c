"""LEAK: a local variable of main() that collects results for a report at the end, which never comes."""

from life import Life


class Result:
    def __init__(self, number):
        self.url = f"https://example.org/page/{number}"
        self.headers = {"content-type": "text/html", "etag": f"{number:x}", "age": str(number)}
        self.words = [f"word{number + step}" for step in range(16)]


def main():
    results = []
    for number in Life(item_bytes=1800).requests():
        results.append(Result(number))  # noqa: PERF401  (as people write it)
    print(f"crawled {len(results)} pages")


if __name__ == "__main__":
    main()
