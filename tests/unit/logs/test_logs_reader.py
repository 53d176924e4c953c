"""A log in, what it says of memory out: how often, when, where; in pieces of any size, and of broken logs too."""

from __future__ import annotations

import pytest

from oakum.logs import LogReader, library, parse_patterns, read_log
from oakum.model.log import Clock

NOW_S = 1_795_400_000.0
"""2026-11-23."""

JAVA = b"""2026-11-22 06:05:57,123 INFO start
2026-11-22 06:06:57,123 ERROR Exception in thread "main" java.lang.OutOfMemoryError: Java heap space
\tat java.base/java.util.Arrays.copyOf(Arrays.java:3512)
\tat com.acme.Cart.add(Cart.java:42)
2026-11-22 06:08:57,123 WARN java.lang.OutOfMemoryError: Java heap space
\tat com.acme.Cart.add(Cart.java:42)
"""


def read(log, patterns=None):
    return read_log([log], patterns or library(), now_s=NOW_S, name="app.log")


def found(log):
    return {finding.pattern.id: finding for finding in read(log).findings}


def test_a_finding_has_its_count_its_times_its_place_and_a_line():
    reading = read(JAVA)
    (finding,) = reading.findings
    assert (finding.pattern.id, finding.count) == ("jvm-heap-space", 2)
    assert (finding.first_line, finding.last_line, reading.lines) == (2, 5, 6)
    assert finding.last_s - finding.first_s == 120
    assert finding.over.counts == (1, 1)
    assert reading.clock is Clock.ASSUMED_UTC
    place, count = finding.places[0]
    assert (place.file, place.line, place.function, count) == ("Cart.java", 42, "com.acme.Cart.add", 2)
    assert "OutOfMemoryError" in finding.example


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pieces_of_any_size_say_the_same(size):
    reader = LogReader(library(), now_s=NOW_S)
    for at in range(0, len(JAVA), size):
        reader.feed(JAVA[at : at + size])
    assert reader.finish("app.log") == read(JAVA)


def test_large_pieces_say_the_same_as_small_ones():
    log = b"".join(b"2026-11-22 06:05:%02d INFO request %d done\n" % (at % 60, at) for at in range(20_000)) + JAVA
    log *= 3
    reader = LogReader(library(), now_s=NOW_S)
    for at in range(0, len(log), 50_001):
        reader.feed(log[at : at + 50_001])
    assert reader.finish("app.log") == read(log)
    assert read(log).findings[0].count == 6


@pytest.mark.parametrize("size", [997, 40_001])
def test_a_line_at_the_edge_of_a_piece_is_decided_as_a_whole(size):
    """A text that is known by its first letters alone would be another pattern's."""
    log = JAVA * 2000
    reader = LogReader(library(), now_s=NOW_S)
    for at in range(0, len(log), size):
        reader.feed(log[at : at + size])
    assert {finding.pattern.id: finding.count for finding in reader.finish().findings} == {"jvm-heap-space": 4000}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("java.lang.OutOfMemoryError: GC overhead limit exceeded", "jvm-gc-overhead"),
        ("Caused by: java.lang.OutOfMemoryError: Metaspace", "jvm-metaspace"),
        ("java.lang.OutOfMemoryError: Compressed class space", "jvm-metaspace"),
        (
            "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process limits",
            "jvm-native-thread",
        ),
        ("java.lang.OutOfMemoryError: Direct buffer memory", "jvm-direct-memory"),
        (
            "java.lang.OutOfMemoryError: Cannot reserve 1048576 bytes of direct buffer memory (allocated: 1, limit: 2)",
            "jvm-direct-memory",
        ),
        ("java.lang.OutOfMemoryError: Requested array size exceeds VM limit", "jvm-array-size"),
        ("# Native memory allocation (mmap) failed to map 12345 bytes. Error detail: committing", "jvm-native-memory"),
        ("java.lang.OutOfMemoryError: something new", "jvm-out-of-memory"),
        ("Terminating due to java.lang.OutOfMemoryError: x", "jvm-terminated"),
        ("Dumping heap to java_pid17.hprof ...", "jvm-heap-dumped"),
        (
            'JVMDUMP039I Processing dump event "systhrow", detail "java/lang/OutOfMemoryError" at 2026/11/22',
            "openj9-dump",
        ),
        ("[12.3s][info][gc] GC(12) Pause Young (Normal) (G1 Evacuation Pause) 23M->4M(64M) 2001.2ms", "jvm-long-pause"),
        ("[12.3s][info][gc] GC(12) Pause Full (G1 Compaction Pause) 63M->62M(64M) 12.2ms", "jvm-full-gc-in-vain"),
        ("Full GC took 5.2s", "jvm-full-gc-slow"),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "v8-heap-limit"),
        ("FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed", "v8-ineffective-gc"),
        ("FATAL ERROR: Committing semi space failed. Allocation failed", "v8-semi-space"),
        ("FATAL ERROR: NewSpace::Grow Allocation failed - JavaScript heap out of memory", "v8-out-of-memory"),
        ("(node:17) MaxListenersExceededWarning: Possible EventEmitter memory leak detected.", "node-max-listeners"),
        ("Error: timeout exceeded when trying to connect", "node-postgres-timeout"),
        ("MemoryError", "python-memory-error"),
        ("numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB for an array", "python-memory-error"),
        ("QueuePool limit of size 5 overflow 10 reached, connection timed out", "sqlalchemy-pool-timeout"),
        ("fatal error: runtime: out of memory", "go-out-of-memory"),
        ("fatal error: pageAlloc: out of memory", "go-out-of-memory"),
        ("fatal error: concurrent map writes", "go-concurrent-map"),
        ("goroutine 17 [chan receive, 31 minutes]:", "go-goroutine-blocked"),
        ("memory allocation of 8589934592 bytes failed", "rust-allocation-failed"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "cpp-bad-alloc"),
        ("malloc(): corrupted top size", "glibc-corrupted"),
        ("fork: Cannot allocate memory", "cannot-allocate"),
        ("app.rb:10:in `new': failed to allocate memory (NoMemoryError)", "ruby-no-memory"),
        ("HikariPool-1 - Connection is not available, request timed out after 30000ms", "hikari-timeout"),
        ("HikariPool-1 - Connection leak detection triggered for conn17", "hikari-leak"),
        ("FATAL: remaining connection slots are reserved for non-replication superuser", "postgres-slots"),
        ("FATAL:  sorry, too many clients already", "postgres-slots"),
        ("accept: Too many open files", "too-many-open-files"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "redis-maxmemory"),
        ("redis: connection pool timeout", "go-pool-timeout"),
        ("Memory cgroup out of memory: Killed process 17 (java) total-vm:1kB", "kernel-oom-kill"),
        ("Last State: Terminated (Reason: OOMKilled)", "kubernetes-oom-killed"),
        ("Heap usage: 1.8GB / 2GB (90%)", "heap-usage-high"),
        ("cache size 12000 exceeds its limit of 10000", "cache-too-large"),
        ("Loaded 2,500,000 rows from orders", "large-load"),
        ("memory allocation failed", "out-of-memory"),
    ],
)
def test_each_is_known_by_its_own_pattern_alone(line, name):
    assert list(found(f"{line}\n".encode())) == [name]


@pytest.mark.parametrize(
    "line",
    [
        "[12.3s][info][gc] GC(12) Pause Young (Normal) (G1 Evacuation Pause) 23M->4M(64M) 2.2ms",
        "[12.3s][info][gc] GC(12) Pause Full (System.gc()) 63M->12M(64M) 12.2ms",
        "goroutine 17 [chan receive, 3 minutes]:",
        "my MemoryErrorHandler is installed",
        "Heap usage: 0.8GB / 2GB (40%)",
        "Loaded 250 rows from orders",
        "cache hit for sku-17",
        "HikariPool-1 - Start completed.",
        "memory: 12 MB in use",
    ],
)
def test_a_healthy_line_names_nothing(line):
    assert not found(f"{line}\n".encode())


def test_collections_are_counted_although_none_is_long():
    log = b"".join(
        b"[%d.500s][info][gc] GC(1) Pause Young (Normal) (G1) 20M->%dM(64M) 2.5ms\n" % (i, i) for i in range(9)
    )
    told = read(log).collections
    assert (told.count, told.pause_s, told.span_s) == (9, pytest.approx(0.0225), 8.0)
    assert told.after_bytes[-1] == 8 << 20
    assert read(log).clock is Clock.SINCE_START


def test_a_line_without_a_time_has_that_of_the_line_above():
    log = b"2026-11-22T06:05:57Z start\nMemoryError\n"
    assert found(log)["python-memory-error"].first_s == 1_795_327_557.0
    assert read(log).clock is Clock.UTC


def test_without_any_time_lines_are_counted_by_their_order():
    (finding,) = read(b"nothing\n" * 2500 + b"MemoryError\n").findings
    assert finding.first_s is None
    assert (finding.over.width, finding.over.starts) == (1000, (2000,))


def test_a_line_of_ten_megabytes_is_one_line_and_shown_short():
    line = b"x" * (5 << 20) + b" MemoryError: " + b"y" * (5 << 20) + b"\nnext\n"
    reader = LogReader(library(), now_s=NOW_S)
    for at in range(0, len(line), 1 << 20):
        reader.feed(line[at : at + (1 << 20)])
    reading = reader.finish()
    (finding,) = reading.findings
    assert (finding.count, reading.lines) == (1, 2)
    assert len(finding.example) < 300
    assert "MemoryError" in finding.example


def test_one_line_counts_once_however_often_it_says_so():
    assert found(b"MemoryError: MemoryError: MemoryError: x\n")["python-memory-error"].count == 1
    assert found(b"MemoryError: " * 100_000)["python-memory-error"].count == 1


def test_broken_text_zero_bytes_and_windows_ends():
    reading = read(b"\xff\xfe \0\0MemoryError: \xc3(\r\nMemoryError\r\n")
    assert reading.findings[0].count == 2
    assert any("zero bytes" in note for note in reading.notes)


def test_an_empty_log_says_nothing():
    reading = read(b"")
    assert (reading.lines, reading.findings, reading.clock) == (0, (), Clock.NONE)


def test_what_a_container_runtime_puts_before_is_left_out():
    cri = b"2026-11-22T06:05:57.123456789Z stderr F MemoryError\n"
    docker = b'{"log":"MemoryError\\n","stream":"stderr","time":"2026-11-22T06:05:57.123Z"}\n'
    for log in (cri, docker):
        assert found(log)["python-memory-error"].example == "MemoryError"
        assert found(log)["python-memory-error"].first_s == pytest.approx(1_795_327_557.123)


def test_a_stack_in_one_line_of_json_has_its_place():
    line = (
        rb'{"time":1795327557123,"stack":"java.lang.OutOfMemoryError: Java heap space'
        rb'\n\tat com.acme.Cart.add(Cart.java:42)\n"}'
    )
    assert str(found(line)["jvm-heap-space"].places[0][0]) == "Cart.java:42 in com.acme.Cart.add"


@pytest.mark.parametrize(
    ("log", "place"),
    [
        (
            b'Traceback (most recent call last):\n  File "/app/x.py", line 7, in load\n    x\nMemoryError\n',
            "/app/x.py:7 in load",
        ),
        (
            b"fatal error: concurrent map writes\n\ngoroutine 1 [running]:\nmain.put(0x1)\n\t/app/main.go:23 +0x1d\n",
            "/app/main.go:23 in main.put",
        ),
        (b"thread 'main' panicked at src/main.rs:10:5:\ncapacity overflow\n", "src/main.rs:10"),
        (b"(node:1) MaxListenersExceededWarning: x\n    at add (/app/a.js:3:9)\n", "/app/a.js:3 in add"),
        (b"app.rb:10:in `grow': failed to allocate memory (NoMemoryError)\n", "app.rb:10 in grow"),
    ],
)
def test_the_place_is_read_as_each_runtime_prints_it(log, place):
    assert str(read(log).findings[0].places[0][0]) == place


def test_a_user_pattern_finds_its_lines_its_place_and_what_is_enough():
    patterns = parse_patterns(
        r"""
[[pattern]]
id = "cart"
pattern = 'cart \S+ holds (?P<items>[\d,]+) items'
meaning = "m"
least = { items = 1000 }
location = '\[(?P<file>\w+):(?P<line>\d+)\]'
""",
        "own.toml",
    )
    log = b"[Cart:17] cart a holds 12 items\n[Cart:18] cart b holds 1,200 items\n"
    (finding,) = read(log, patterns).findings
    assert (finding.count, finding.first_line, finding.groups["items"]) == (1, 2, "1,200")
    assert str(finding.places[0][0]) == "Cart:18"
