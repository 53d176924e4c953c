"""Goroutines that wait for what never comes, by the operation on which they do.

Source for what each wait means: Saioc et al., "Unveiling and Vanquishing Goroutine Leaks in Enterprise Microservices"
(CGO 2024); go.dev/blog/pipelines for how they are ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

KIND: Final = "goroutines"

_SEND: Final = Example(
    before="""answers := make(chan Answer)
for _, host := range hosts {
    go func() { answers <- ask(host) }()
}
return <-answers // the others wait for good""",
    after="""answers := make(chan Answer, len(hosts)) // each can put its answer down and end
for _, host := range hosts {
    go func() { answers <- ask(host) }()
}
return <-answers
""",
)
_RECEIVE: Final = Example(
    before="for job := range jobs { work(job) } // nobody closes jobs",
    after="""defer close(jobs) // in the one that sends, on every way out

for {
    select {
    case job, more := <-jobs:
        if !more {
            return
        }
        work(job)
    case <-ctx.Done():
        return
    }
}
""",
)
_SELECT: Final = Example(
    before="select {\ncase event := <-events:\n    handle(event)\n}",
    after="""select {
case event := <-events:
    handle(event)
case <-ctx.Done(): // cancelled when the request or the owner ends
    return ctx.Err()
}
""",
)
_LOCK: Final = Example(
    before="mu.Lock()\nif err := step(); err != nil {\n    return err // still locked\n}\nmu.Unlock()",
    after="""mu.Lock()
defer mu.Unlock()
if err := step(); err != nil {
    return err
}
""",
)
_DONE: Final = Example(
    before="wg.Add(1)\ngo func() {\n    if failed() {\n        return // no Done\n    }\n    wg.Done()\n}()",
    after="""wg.Add(1)
go func() {
    defer wg.Done()
    if failed() {
        return
    }
}()
""",
)
_CLOSE: Final = Example(
    before="answer, err := http.Get(url) // the body is never closed, no time is set",
    after="""client := &http.Client{Timeout: 10 * time.Second} // one for all requests

answer, err := client.Get(url)
if err != nil {
    return err
}
defer answer.Body.Close()
""",
)
_STOP: Final = Example(
    before="for {\n    refresh()\n    time.Sleep(time.Minute)\n}",
    after="""ticker := time.NewTicker(time.Minute)
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
)

_MEANS: Final[Mapping[str, tuple[str, str, Example]]] = {
    "chan send": (
        "they send on a channel from which nobody receives any more",
        "Give the channel room for every sender, or let each send in a select with ctx.Done().",
        _SEND,
    ),
    "chan receive": (
        "they wait to receive from a channel; whether somebody still sends on it or closes it was not looked at",
        "Close the channel on every way out of who sends, or receive in a select with ctx.Done().",
        _RECEIVE,
    ),
    "select": (
        "they wait for one of several cases; whether one still comes true was not looked at",
        "Add a case <-ctx.Done(), and cancel that context when the request or the owner ends.",
        _SELECT,
    ),
    "sync.Mutex.Lock": (
        "they wait for a lock that somebody holds and does not give back",
        "Unlock with defer, and hold no lock over a call that can wait.",
        _LOCK,
    ),
    "sync.WaitGroup.Wait": (
        "they wait for others that never say Done",
        "Call Done with defer, first of all; and find what those others wait for.",
        _DONE,
    ),
    "IO wait": (
        "they wait for a peer that says nothing",
        "Set deadlines (http.Client.Timeout, SetDeadline), close response bodies, and share one client.",
        _CLOSE,
    ),
    "sleep": (
        "they sleep in a loop that has no end",
        "Start the loop once, not for each request, and end it by a context.",
        _STOP,
    ),
}
_ALIKE: Final[Mapping[str, str]] = {
    "chan send (nil chan)": "chan send",
    "chan receive (nil chan)": "chan receive",
    "select (no cases)": "select",
    "sync.RWMutex.Lock": "sync.Mutex.Lock",
    "sync.RWMutex.RLock": "sync.Mutex.Lock",
    "semacquire": "sync.Mutex.Lock",
    "sync.Cond.Wait": "chan receive",
    "syscall": "IO wait",
}
_FOREVER: Final = frozenset({"chan send", "chan receive", "select", "sync.Mutex.Lock", "sync.WaitGroup.Wait"})
_PLAIN: Final = (
    "there are more and more of them",
    "Give each a way to end: a context, a channel that is closed, a deadline.",
    _SELECT,
)
_CONNECTION: Final = "net/http.(*persistConn)"


def look(clue: Clue) -> Finding | None:
    """None for what is no group of goroutines."""
    holder = clue.holder
    if holder.kind != KIND:
        return None
    operation = _ALIKE.get(holder.item_type, holder.item_type)
    why, advice, example = _MEANS.get(operation, _PLAIN)
    if _CONNECTION in holder.name:
        why = "they belong to connections of an HTTP client that are kept, or whose answers were not read to the end"
        advice, example = _MEANS["IO wait"][1:]
    sure = 0.9 if operation in _FOREVER else 0.6
    beside = f"; {holder.advice}" if holder.advice else ""
    maker = f", started by {holder.owner_type}" if holder.owner_type else ""
    return Finding(CauseName.GOROUTINE, sure, f"{why}{maker}{beside}", advice, example)
