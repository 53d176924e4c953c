"""What a Ruby heap says of a cause by itself, with a fix as a Ruby developer writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

_BOUND: Final = Example(
    before="@entries[key] ||= compute(key)",
    after="""class BoundedCache
  def initialize(most = 10_000)
    @most = most
    @entries = {}
  end

  def fetch(key)
    value = @entries.key?(key) ? @entries.delete(key) : yield # put back last: the first is the least recently used
    @entries.shift if @entries.size >= @most
    @entries[key] = value
  end
end
""",
)
_OFF: Final = Example(
    before="bus.subscribe(:paid) { |order| receipt.print(order) }",
    after="""def subscribe(event, &listener)
  @listeners[event] << listener
  -> { @listeners[event].delete(listener) }
end

# The owner of the listener ends it:
off = bus.subscribe(:paid) { |order| receipt.print(order) }
begin
  serve(request)
ensure
  off.call
end
""",
)
_REMOVE: Final = Example(
    before="(Thread.current[:history] ||= []) << entry",
    after="""begin
  (Thread.current[:history] ||= []) << entry
  serve(request)
ensure
  Thread.current[:history] = nil # a thread of a pool serves others next
end
""",
)
_EXPIRE: Final = Example(
    before="@sessions[token] = session",
    after="""TTL_S = 1800

def put(token, session)
  now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  @sessions[token] = [session, now + TTL_S]
  @sessions.shift while @sessions.any? && @sessions.first.last.last < now # the oldest stand first
end
""",
)
_QUEUE: Final = Example(
    before="@jobs = Queue.new",
    after="""@jobs = SizedQueue.new(10_000)

def submit(job)
  @jobs.push(job, true) # raises ThreadError where it is full: say so to who asked, instead of keeping it
end
""",
)
_KEEP_LAST: Final = Example(
    before="@history << entry",
    after="""MOST = 1000

def remember(entry)
  @history << entry
  @history.shift(@history.size - MOST) if @history.size > MOST
end
""",
)
_EXAMPLES: Final[Mapping[CauseName, Example]] = {
    CauseName.UNBOUNDED_CACHE: _BOUND,
    CauseName.LISTENER: _OFF,
    CauseName.THREAD_LOCAL: _REMOVE,
    CauseName.SESSION_STATE: _EXPIRE,
    CauseName.QUEUE_BACKLOG: _QUEUE,
}
_ADVICE: Final[Mapping[CauseName, str]] = {
    CauseName.UNBOUNDED_CACHE: "Give it a bound: a fixed size with eviction, or a time to live (ActiveSupport's"
    " MemoryStore has both).",
    CauseName.LISTENER: "Unsubscribe when the owner ends; a block keeps all that stood around it where it was made.",
    CauseName.CLOSURE: "A block keeps every variable around it: let go of the block, or make it in a method of its own"
    " that is given what it needs.",
    CauseName.THREAD_LOCAL: "Clear it when the work is done: threads of a pool (Puma, Sidekiq) live on.",
    CauseName.SESSION_STATE: "Give sessions a time to live, and remove those that have ended.",
    CauseName.QUEUE_BACKLOG: "Bound the queue (SizedQueue) and decide what happens when it is full.",
}
_WHY: Final[Mapping[CauseName, str]] = {
    CauseName.UNBOUNDED_CACHE: "a Hash that gains keys and loses none",
    CauseName.LISTENER: "listeners are added and none is removed",
    CauseName.TIMER: "timers are started and none is cleared",
    CauseName.CLOSURE: "it lives in variables that a block keeps",
    CauseName.THREAD_LOCAL: "it hangs on a thread: threads of a pool live on, and so does it",
    CauseName.SESSION_STATE: "it holds sessions and loses none",
    CauseName.QUEUE_BACKLOG: "items come in faster than they are taken out",
    CauseName.STATIC_COLLECTION: "what a class or a constant holds lives as long as the process",
}


def look(clue: Clue, told: CauseName) -> Finding:
    """``told``: by the shape in the dump."""
    sure = 0.9 if clue.sites.inserts or told in {CauseName.LISTENER, CauseName.THREAD_LOCAL} else 0.75
    why = _WHY.get(told, "a variable that lives as long as the process holds it")
    advice = _ADVICE.get(told, "Bound what it keeps, or keep it per request and let it go with the request.")
    return Finding(told, sure, why, advice, _EXAMPLES.get(told, _KEEP_LAST))
