#: says = "Each viewer of a match subscribes to the event bus when it joins; nothing unsubscribes it when it has left."
#: kind = "leak"
#: causes = ["listener"]
#: holder = ["EventBus", "_subscribers"]
#: made = ["join", "__init__"]
#: per_s = 280
"""Live scores: viewers join a match, get what happened so far, and leave; goals come over a bus."""

import collections
import threading

from serving import serve


class EventBus:
    def __init__(self):
        self._subscribers = collections.defaultdict(list)
        self._lock = threading.Lock()

    def on(self, topic, callback):
        with self._lock:
            self._subscribers[topic].append(callback)

    def off(self, topic, callback):
        with self._lock:
            self._subscribers[topic].remove(callback)

    def emit(self, topic, message, most=25):
        for callback in self._subscribers[topic][:most]:
            callback(message)


class Match:
    def __init__(self, number):
        self.number = number
        self.goals = collections.deque(maxlen=12)

    def score(self):
        return f"{sum(side == 'home' for side in self.goals)}:{sum(side == 'away' for side in self.goals)}"


class Viewer:
    """One open page: what it was sent, so that a short loss of the connection can be made up for."""

    def __init__(self, number, match):
        self.name = f"viewer-{number}"
        self.match = match
        self.sent = [f"minute {minute}: {match.score()} for {self.name}" for minute in range(60)]

    def on_goal(self, message):
        self.sent[-1] = message


class Scores:
    def __init__(self, bus):
        self.bus = bus
        self.matches = [Match(number) for number in range(8)]
        self.joined = 0

    def join(self, number):
        viewer = Viewer(number, self.matches[number % 8])
        self.bus.on("goal", viewer.on_goal)
        self.joined += 1
        return viewer

    def leave(self, viewer):
        viewer.sent[-1] = "left"
        self.bus.off("goal", viewer.on_goal)  #~ fixed


bus = EventBus()
scores = Scores(bus)


def handle(number, path):
    viewer = scores.join(number)
    if number % 40 == 0:
        scores.matches[number % 8].goals.append("home" if number % 80 else "away")
        bus.emit("goal", f"goal in match {number % 8}")
    answer = f"{viewer.match.score()} seen by {scores.joined}"
    scores.leave(viewer)
    return answer


serve(handle)
