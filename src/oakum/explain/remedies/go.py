"""Go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.remedies.remedy import Remedy, remedy
from oakum.model.cause import CauseName

_BOUND: Final = """const most = 10_000

func (s *Store) Put(id string) {
    s.mu.Lock()
    defer s.mu.Unlock()
    if len(s.entries) >= most {
        delete(s.entries, s.oldest()) // or a cache with a bound: github.com/hashicorp/golang-lru
    }
    s.entries[id] = newSession(id)
}
"""

REMEDIES: Final[Mapping[CauseName, Remedy]] = {
    CauseName.UNBOUNDED_CACHE: remedy(
        "Give it a bound: a fixed size with eviction, or a time to live.", "s.entries[id] = newSession(id)", _BOUND
    ),
    CauseName.GLOBAL: remedy(
        "Bound what the package's variable keeps, or keep it per request.", "s.entries[id] = newSession(id)", _BOUND
    ),
    CauseName.SESSION_STATE: remedy(
        "Give sessions a time to live, and sweep those that have ended.",
        "s.entries[id] = newSession(id)",
        """func (s *Store) sweep(now time.Time) { // from a time.Ticker, once a minute
    s.mu.Lock()
    defer s.mu.Unlock()
    for id, session := range s.entries {
        if now.Sub(session.seen) > ttl {
            delete(s.entries, id)
        }
    }
}
""",
    ),
    CauseName.LISTENER: remedy(
        "Return a function that removes the listener, and defer it.",
        "bus.Subscribe(onChange)",
        """off := bus.Subscribe(onChange) // it returns what takes the listener out again
defer off()
serve(request)
""",
    ),
    CauseName.TIMER: remedy(
        "Stop each ticker with its owner; before Go 1.23 one that is not stopped is never collected.",
        "ticker := time.NewTicker(time.Minute)\nfor range ticker.C {\n    refresh()\n}",
        """ticker := time.NewTicker(time.Minute)
defer ticker.Stop()
for {
    select {
    case <-ticker.C:
        refresh()
    case <-ctx.Done():
        return
    }
}
""",
    ),
    CauseName.CLOSURE: remedy(
        "A function value keeps all that it captured: copy the little that is needed.",
        "callbacks = append(callbacks, func() { log(order.ID) }) // keeps the whole order",
        """id := strings.Clone(order.ID)
callbacks = append(callbacks, func() { log(id) })
""",
    ),
    CauseName.GOROUTINE: remedy(
        "Give each a way to end: a context, a channel that is closed, a deadline.",
        "select {\ncase event := <-events:\n    handle(event)\n}",
        """select {
case event := <-events:
    handle(event)
case <-ctx.Done(): // cancelled when the request or the owner ends
    return ctx.Err()
}
""",
    ),
    CauseName.QUEUE_BACKLOG: remedy(
        "Bound the queue: a channel with room for so many, and an answer for what finds none.",
        "q.jobs = append(q.jobs, job)",
        """var jobs = make(chan Job, 1000)

func submit(job Job) error {
    select {
    case jobs <- job:
        return nil
    default:
        return errors.New("too many jobs wait")
    }
}
""",
    ),
    CauseName.CONNECTION_POOL: remedy(
        "Close rows and bodies on every way out, and set SetMaxOpenConns, SetMaxIdleConns and SetConnMaxIdleTime.",
        "rows, err := db.Query(text) // returned from in the middle, never closed",
        """rows, err := db.QueryContext(ctx, text)
if err != nil {
    return err
}
defer rows.Close()
""",
    ),
    CauseName.NATIVE_ALLOCATION: remedy(
        "Free what C gave: the collector does not see it.",
        "name := C.CString(text)\nC.show(name)",
        "name := C.CString(text)\ndefer C.free(unsafe.Pointer(name))\nC.show(name)\n",
    ),
    CauseName.LARGE_LOAD: remedy(
        "Decode it piece by piece; a short slice of a large one keeps all of it.",
        "raw, _ := io.ReadAll(body)\njson.Unmarshal(raw, &rows)",
        """lines := json.NewDecoder(body)
for lines.More() {
    var row Row
    if err := lines.Decode(&row); err != nil {
        return err
    }
    handle(row)
}
""",
    ),
    CauseName.KEYS_WITHOUT_TTL: remedy(
        "Write each key with a time to live.", "rdb.Set(ctx, key, value, 0)", "rdb.Set(ctx, key, value, time.Hour)\n"
    ),
    CauseName.PAGE_CACHE: remedy(
        "No leak: judge it by anonymous memory. Who reads large files once can tell the kernel when they are done.",
        "data, err := os.ReadFile(path)",
        """_, err = io.Copy(sink, file)
unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
""",
    ),
    CauseName.LOAD_GROWTH: remedy(
        "Bound how much is worked on at once, and refuse the rest early; scale by load.",
        "http.Serve(listener, handler)",
        "http.Serve(netutil.LimitListener(listener, 500), handler) // golang.org/x/net/netutil\n",
    ),
    CauseName.GC_MISCONFIGURED: remedy(
        "Set GOMEMLIMIT to about 90 % of the limit, so that the collector works harder before the kernel kills; with"
        " GOGC=off it is the only thing that makes it collect.",
        "// GOGC=off, no GOMEMLIMIT, limit 1Gi",
        "// GOMEMLIMIT=900MiB, limit 1Gi\n",
    ),
    CauseName.MANY_PROCESSES: remedy(
        "Start each child with a context, and wait for it.",
        'exec.Command("convert", path).Start()',
        'exec.CommandContext(ctx, "convert", path).Run()\n',
    ),
}
