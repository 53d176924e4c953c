#: says = "A search service holds its whole index in memory, some 200 MB from the start on, and only reads it."
#: kind = "healthy"
#: per_s = 200
"""Product search: an inverted index of all articles, built at start, with suggestions."""

import collections
import random

from serving import serve

WORDS = [
    f"{first}{last}" for first in ("al", "bo", "ci", "du", "fe", "gro") for last in ("ton", "max", "lia", "rex", "no")
]


class Article:
    def __init__(self, number, chance):
        self.number = number
        self.title = " ".join(chance.choices(WORDS, k=4)) + f" {number}"
        self.description = [f"{chance.choice(WORDS)} {number} {part}" for part in range(9)]
        self.price = chance.randrange(100, 90_000)


class Index:
    def __init__(self, articles):
        self.articles = articles
        self.by_word = collections.defaultdict(list)
        for article in articles:
            for word in set(article.title.split()):
                self.by_word[word].append(article.number)

    def find(self, words, most=10):
        numbers = self.by_word.get(words[0], ())
        found = [self.articles[number] for number in numbers]
        return [article for article in found if any(word in article.title for word in words[1:])][:most]


class Suggestions:
    """What was asked for most, of the last two thousand questions."""

    def __init__(self):
        self.recent = collections.deque(maxlen=2000)

    def note(self, words):
        self.recent.append(" ".join(words))

    def top(self):
        return collections.Counter(self.recent).most_common(3)


def build(count):
    chance = random.Random(11)
    return Index([Article(number, chance) for number in range(count)])


index = build(160_000)
suggestions = Suggestions()


def handle(number, path):
    words = [str(random.randrange(160_000)), random.choice(WORDS)]
    suggestions.note(words[1:])
    found = index.find(words)
    top = suggestions.top() if number % 50 == 0 else ()
    return f"{len(found)} found {top}"


serve(handle)
