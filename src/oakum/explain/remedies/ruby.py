"""Ruby."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.remedies.remedy import Remedy, remedy
from oakum.model.cause import CauseName

REMEDIES: Final[Mapping[CauseName, Remedy]] = {
    CauseName.UNBOUNDED_CACHE: remedy(
        "Give it a bound: a fixed size with eviction, or a time to live.",
        "@entries[key] = value",
        """MOST = 10_000

def put(key, value)
  @entries.delete(key)
  @entries[key] = value
  @entries.shift while @entries.size > MOST
end
""",
    ),
    CauseName.LISTENER: remedy(
        "Remove the listener when its owner ends.",
        "bus.add_observer(self)",
        """bus.add_observer(self)
begin
  serve(request)
ensure
  bus.delete_observer(self)
end
""",
    ),
    CauseName.TIMER: remedy(
        "End the thread of a timer with its owner.",
        "Thread.new { loop { sleep 60; remind(order) } }",
        """timer = Thread.new { loop { sleep 60; remind(order) } }
order.on_close { timer.kill }
""",
    ),
    CauseName.CLOSURE: remedy(
        "A block keeps all variables around it: bound what it fills, or make it in a method of its own.",
        "seen = []\nhandler = ->(item) { seen << item }",
        """seen = []
handler = lambda do |item|
  seen << item
  seen.shift if seen.size > 1000
end
""",
    ),
    CauseName.GLOBAL: remedy(
        "Bound it, or keep it per request and let it go with the request.",
        "$events << event",
        "$events << event\n$events.shift if $events.size > 10_000\n",
    ),
    CauseName.THREAD_LOCAL: remedy(
        "Clear it at the end of each request: threads of a server live on.",
        "Thread.current[:crumbs] << crumb",
        """begin
  Thread.current[:crumbs] = []
  serve(request)
ensure
  Thread.current[:crumbs] = nil
end
""",
    ),
    CauseName.STATIC_COLLECTION: remedy(
        "Hold instances weakly (ObjectSpace::WeakMap), or remove them when they are done.",
        "class Order\n  ALL = {}\n  def initialize(id) = ALL[id] = self\nend",
        """class Order
  ALL = ObjectSpace::WeakMap.new
  def initialize(id) = ALL[id] = self
end
""",
    ),
    CauseName.CONNECTION_POOL: remedy(
        "Take a connection with a block: it goes back on every way out.",
        "connection = pool.checkout\nrows = connection.exec(text)",
        "rows = pool.with { |connection| connection.exec(text).to_a }\n",
    ),
    CauseName.NATIVE_ALLOCATION: remedy(
        "Close or destroy what an extension made; the collector sees its small object, not the memory behind it.",
        "image = Magick::Image.read(path).first\nshow(image)",
        """image = Magick::Image.read(path).first
begin
  show(image)
ensure
  image.destroy!
end
""",
    ),
    CauseName.LARGE_LOAD: remedy(
        "Work through it in pieces.",
        "Order.all.each { |order| handle(order) }",
        "Order.find_each(batch_size: 500) { |order| handle(order) }\n",
    ),
    CauseName.SESSION_STATE: remedy(
        "Give sessions a time to live, and sweep those that have ended.",
        "@sessions[token] = session",
        """def put(token, session, now = Process.clock_gettime(Process::CLOCK_MONOTONIC))
  @sessions[token] = [now + 1800, session]
  @sessions.delete_if { |_, (ends, _)| ends < now }
end
""",
    ),
    CauseName.QUEUE_BACKLOG: remedy(
        "Bound the queue so that producers wait.", "jobs = Queue.new", "jobs = SizedQueue.new(1000)\n"
    ),
    CauseName.KEYS_WITHOUT_TTL: remedy(
        "Write each key with a time to live.", "redis.set(key, value)", "redis.set(key, value, ex: 3600)\n"
    ),
    CauseName.FRAGMENTATION: remedy(
        "No leak: MALLOC_ARENA_MAX=2 or jemalloc keep less; GC.compact after the start helps forked workers.",
        "# bundle exec puma",
        "# MALLOC_ARENA_MAX=2 bundle exec puma\n",
    ),
    CauseName.PAGE_CACHE: remedy(
        "No leak: judge it by anonymous memory. Who reads large files once can tell the kernel when they are done.",
        "data = File.read(path)",
        "File.open(path) do |file|\n  file.each_line { |line| handle(line) }\n  file.advise(:dontneed)\nend\n",
    ),
    CauseName.LOAD_GROWTH: remedy(
        "Bound how much is worked on at once; scale by load.",
        "threads 0, 64 # config/puma.rb",
        "threads 5, 5 # config/puma.rb\n",
    ),
    CauseName.WORKERS_OR_ARENAS: remedy(
        "Bound threads and workers, and arenas by MALLOC_ARENA_MAX=2.",
        "workers 16 # config/puma.rb",
        "workers 2 # config/puma.rb, and MALLOC_ARENA_MAX=2 in the environment\n",
    ),
    CauseName.MANY_PROCESSES: remedy(
        "Wait for each child, or detach it; bound how many run at once.",
        "pid = fork { work }",
        "pid = fork { work }\nProcess.wait(pid)\n",
    ),
}
