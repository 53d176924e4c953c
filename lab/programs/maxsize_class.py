"""HEALTHY: a mapping of its own kind with a maxsize, in the manner of well-known cache libraries; still filling."""

from life import Life


class BoundedCache:
    """Evicts what was inserted first."""

    def __init__(self, maxsize):
        self.maxsize = maxsize
        self._data = {}

    def __getitem__(self, key):
        return self._data[key]

    def __contains__(self, key):
        return key in self._data

    def __setitem__(self, key, value):
        while len(self._data) >= self.maxsize:
            del self._data[next(iter(self._data))]
        self._data[key] = value


class Profile:
    def __init__(self, number):
        self.name = f"user {number}"
        self.roles = [f"role-{step}-{number}" for step in range(20)]


profiles = BoundedCache(maxsize=120_000)

if __name__ == "__main__":
    for number in Life(item_bytes=1800).requests():
        if number not in profiles:
            profiles[number] = Profile(number)
