#: says = "Pool threads note each SQL statement of a request in a threading.local, which no request clears."
#: kind = "leak"
#: causes = ["thread-local"]
#: holder = ["queries"]
#: made = ["execute", "monthly"]
#: per_s = 300
"""A report service: requests are computed in a pool of threads, statements are noted for the page's footer."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from serving import serve

scope = threading.local()
TABLES = ("orders", "invoices", "customers", "stock")


class Statement:
    def __init__(self, sql, parameters, seconds):
        self.sql = sql
        self.parameters = parameters
        self.seconds = seconds


class Database:
    """Stands for a driver: rows come from a small table in memory."""

    def __init__(self):
        self._rows = {table: [(number, f"{table}-{number}") for number in range(200)] for table in TABLES}

    def execute(self, table, customer, columns):
        begun = time.perf_counter()
        sql = f"SELECT {', '.join(columns)} FROM {table} WHERE customer = %s AND region = %s"
        rows = self._rows[table][customer % 100 : customer % 100 + 10]
        scope.queries.append(Statement(sql, [customer, table, *columns], time.perf_counter() - begun))
        return rows


class Reports:
    def __init__(self, database):
        self.database = database
        self.slowest = 0.0

    def monthly(self, customer):
        if not hasattr(scope, "queries"):
            scope.queries = []
        lines = []
        for month in range(12):
            columns = [f"m{month}_{column}_{customer}" for column in range(6)]
            lines += self.database.execute(TABLES[month % 4], customer, columns)
        self.slowest = max(self.slowest, *(query.seconds for query in scope.queries[-12:]))
        told = f"{len(lines)} lines, last by {scope.queries[-1].sql[:30]}"
        scope.queries.clear()  #~ fixed
        return told


reports = Reports(Database())
pool = ThreadPoolExecutor(3, thread_name_prefix="report")


def handle(number, path):
    return pool.submit(reports.monthly, number % 5000).result()


serve(handle)
