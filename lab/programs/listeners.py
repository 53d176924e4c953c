"""LEAK: every connection subscribes to the event bus and never unsubscribes."""

from life import Life


class EventBus:
    def __init__(self):
        self.listeners = {"price-changed": [], "stock-changed": []}

    def subscribe(self, event, callback):
        self.listeners[event].append(callback)

    def publish(self, event, value):
        for callback in self.listeners[event][-3:]:
            callback(value)


class Connection:
    def __init__(self, number, bus):
        self.peer = f"10.0.{number % 256}.{number % 251}"
        self.outgoing = [f"hello {number} {step}" for step in range(20)]
        bus.subscribe("price-changed", self.on_price)

    def on_price(self, value):
        self.outgoing[-1] = value


BUS = EventBus()

if __name__ == "__main__":
    for number in Life(item_bytes=1900).requests():
        Connection(number, BUS)
        BUS.publish("price-changed", number)
