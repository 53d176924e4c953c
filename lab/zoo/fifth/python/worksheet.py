#: says = "a class-level WeakKeyDictionary from Sheet to its CalcPlan whose value refers strongly back to the sheet, so no key ever dies and each request's sheet stays"
#: kind = "leak"
#: causes = ["static-collection", "unbounded-cache"]
#: holder = ["CalcPlan", "_plans"]
#: per_s = 220
#: limit_mib = 512
"""Evaluates small worksheets posted by number."""
import os
import socket
import sys
import threading
import weakref


class Sheet:
    def __init__(self, title, rows, cols):
        self.title = title
        self.cells = {}
        self.rows = rows
        self.cols = cols

    def put(self, name, value):
        self.cells[name] = value

    def value(self, name):
        cell = self.cells[name]
        if isinstance(cell, tuple):
            op, left, right = cell
            a, b = self.value(left), self.value(right)
            return a + b if op == "+" else a * b % 1_000_003
        return cell


class CalcPlan:
    _plans = weakref.WeakKeyDictionary()

    def __init__(self, sheet):
        self.sheet = sheet  #~ leak
        self._sheet = weakref.ref(sheet)  #~ fixed
        self.order = sorted(sheet.cells, key=lambda n: (n[1:], n[0]))
        self.formulas = [n for n in self.order if isinstance(sheet.cells[n], tuple)]

    @property  #~ fixed
    def sheet(self):  #~ fixed
        return self._sheet()  #~ fixed

    @classmethod
    def of(cls, sheet):
        plan = cls._plans.get(sheet)
        if plan is None:
            plan = cls._plans[sheet] = cls(sheet)
        return plan

    def totals(self):
        sheet = self.sheet
        return {name: sheet.value(name) for name in self.formulas}


def build(number):
    sheet = Sheet(f"worksheet {number}", rows=9, cols=5)
    for row in range(1, 10):
        for i, col in enumerate("ABC"):
            sheet.put(f"{col}{row}", 1000 + (number * 13 + row * 101 + i * 7) % 50_000)
        sheet.put(f"D{row}", ("+", f"A{row}", f"B{row}"))
        sheet.put(f"E{row}", ("*", f"D{row}", f"C{row}"))
    return sheet


def evaluate(number):
    sheet = build(number)
    first = CalcPlan.of(sheet).totals()
    sheet.put("A1", number % 97)
    second = CalcPlan.of(sheet).totals()
    return sum(second.values()) - sum(first.values())


def talk(conn):
    pending = b""
    with conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            while b"\r\n\r\n" not in pending:
                chunk = conn.recv(4096)
                if not chunk:
                    return
                pending += chunk
            head, _, pending = pending.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1]
            text = f"delta={evaluate(int(target[1:] or b'0'))}\n"
            conn.sendall((f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}").encode())


def accept_loop(listener):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=talk, args=(conn,), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=accept_loop, args=(listener,), daemon=True).start()
print(f"ready pid={os.getpid()} port={listener.getsockname()[1]}", flush=True)
while sys.stdin.readline():
    pass
