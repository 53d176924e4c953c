#: says = "A payment service appends each change to a module-level list that was once meant for tests."
#: kind = "leak"
#: causes = ["global", "static-collection"]
#: holder = ["TRAIL"]
#: made = ["audited", "snapshot"]
#: per_s = 260
#: warm = 1300
"""Payments: a ledger with balances, a check of limits, and who changed what."""

import datetime
import random
from dataclasses import dataclass, field

from serving import serve

LIMITS = {"private": 5_000, "business": 80_000}
TRAIL = []


@dataclass
class Account:
    number: int
    kind: str
    balance: int = 0
    holds: list = field(default_factory=list)

    def snapshot(self):
        return {
            "account": f"DE{self.number:020}",
            "kind": self.kind,
            "balance": self.balance,
            "holds": [dict(hold) for hold in self.holds],
        }


class Refused(Exception):
    pass


def audited(action):
    """Before and after of every change, for whoever asks later."""

    def apply(account, amount):
        before = account.snapshot()
        try:
            action(account, amount)
        finally:
            entry = {
                "at": datetime.datetime.now(datetime.timezone.utc).isoformat(),
                "action": action.__name__,
                "before": before,
                "after": account.snapshot(),
            }
            TRAIL.append(entry)
            if len(TRAIL) >= 500:  #~ fixed
                TRAIL.clear()  #~ fixed

    return apply


@audited
def transfer(account, amount):
    if abs(amount) > LIMITS[account.kind]:
        raise Refused(amount)
    account.balance += amount
    account.holds.append({"amount": amount, "reference": f"{account.number}-{account.balance}"})
    del account.holds[:-10]


ACCOUNTS = [Account(number, "private" if number % 3 else "business") for number in range(90)]


def handle(number, path):
    account = random.choice(ACCOUNTS)
    try:
        transfer(account, random.randrange(-6_000, 6_100))
    except Refused as exc:
        return f"refused {exc}"
    return f"{account.balance}"


serve(handle)
