#: says = "A scorer made by a function keeps all it has seen in a list that only its closure holds."
#: kind = "leak"
#: causes = ["closure"]
#: holder = ["observed"]
#: made = ["measurement", "handle"]
#: per_s = 320
"""Scores of sensor readings: how unusual is this one, compared with those before it?"""

import collections  #~ fixed
import random
import statistics

from serving import serve

SITES = {site: {"name": f"plant {site}", "offset": site * 0.1} for site in range(30)}


class Alarms:
    """The last hundred."""

    def __init__(self):
        self.recent = []

    def raise_for(self, site, score):
        self.recent.append((SITES[site]["name"], round(score, 2)))
        del self.recent[:-100]


def make_scorer(window, alarms):
    observed = []  #~ leak
    observed = collections.deque(maxlen=4 * window)  #~ fixed

    def score(measurement):
        observed.append(measurement)
        latest = [seen["mean"] for seen in list(observed)[-window:]]  #~ fixed
        latest = [seen["mean"] for seen in observed[-window:]]  #~ leak
        spread = statistics.pstdev(latest) or 1.0
        told = abs(measurement["mean"] - statistics.fmean(latest)) / spread
        if told > 3:
            alarms.raise_for(measurement["site"], told)
        return told

    return score


def measurement(site, number):
    offset = SITES[site]["offset"]
    values = [random.gauss(20 + offset, 2) for _ in range(180)]
    return {"site": site, "number": number, "values": values, "mean": statistics.fmean(values)}


alarms = Alarms()
score = make_scorer(50, alarms)


def handle(number, path):
    return f"{score(measurement(number % 30, number)):.2f}, {len(alarms.recent)} alarms"


serve(handle)
