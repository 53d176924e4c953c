//: says = "createLens() captures the array `spans` in its closures; prune() compares milliseconds with a cut-off in seconds, so nothing is ever old enough to be dropped"
//: kind = "leak"
//: causes = ["closure"]
//: holder = ["spans"]
//: per_s = 250
//: limit_mib = 512
import http from 'node:http';
import { performance } from 'node:perf_hooks';

const WINDOW_S = 2;

function createLens(name) {
  const spans = [];
  let seen = 0;
  let first = 0;

  function prune() {
    const cutoff = Date.now() / 1000 - WINDOW_S; //~ leak
    const cutoff = Date.now() - WINDOW_S * 1000; //~ fixed
    while (first < spans.length && spans[first].startedAt < cutoff) {
      spans[first++] = undefined;
    }
    if (first > 500) {
      spans.splice(0, first);
      first = 0;
    }
  }

  return {
    name,
    record(span) {
      seen += 1;
      spans.push(span);
      if (seen % 20 === 0) prune();
    },
    percentile(p) {
      const tail = spans.slice(-200).filter(Boolean).map((s) => s.elapsed).sort((a, b) => a - b);
      return tail.length ? tail[Math.min(tail.length - 1, Math.floor(tail.length * p))] : 0;
    },
    get seen() {
      return seen;
    },
  };
}

function tracer(handlers) {
  const lens = createLens('edge');
  const stages = ['decode', 'authorise', 'route', 'lookup', 'join', 'rank', 'filter', 'render'];

  return function handle(req, res) {
    const n = Number.parseInt(req.url.slice(1), 10) || 0;
    const begun = performance.now();
    const span = {
      startedAt: Date.now(),
      traceId: (n * 2654435761 % 4294967296).toString(16).padStart(32, '0'),
      path: req.url,
      headers: Object.entries(req.headers).map(([k, v]) => ({ k, v: `${v}` })),
      events: [],
      elapsed: 0,
    };
    let value = n;
    for (const stage of stages) {
      const at = performance.now();
      value = handlers[stage](value);
      const inner = [1, 2, 3].map((k) => ({ name: `${stage}.${k}.${value % 1000}`, offset: at - begun + k / 100, took: value / (k + 7) }));
      span.events.push({
        stage,
        offset: at - begun,
        took: performance.now() - at,
        attributes: new Map([['value', value], ['stage.kind', `${stage}/${n % 13}`], ['attempt', 1], ['shard', `s${value % 31}`]]),
        inner,
        note: `${stage} of ${req.url} gave ${value}`,
      });
    }
    span.elapsed = performance.now() - begun;
    lens.record(span);

    const text = `${value} p90=${Math.round(lens.percentile(0.9) * 1000)}us of ${lens.seen}\n`;
    res.setHeader('Content-Type', 'text/plain');
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.end(text);
  };
}

const handlers = {
  decode: (v) => (v ^ 0x5bd1) >>> 0,
  authorise: (v) => (v % 97 === 0 ? v + 1 : v),
  route: (v) => (v * 33 + 7) >>> 0,
  lookup: (v) => [...String(v)].reduce((a, c) => a * 10 + Number(c) % 9, 0),
  rank: (v) => Array.from({ length: 60 }, (_, i) => (v + i * i) % 1009).sort((a, b) => b - a)[7],
  join: (v) => (v * 31 + 17) % 1000003,
  filter: (v) => v & 0xfffff,
  render: (v) => v + 1,
};

const server = http.createServer(tracer(handlers));
server.listen({ port: 0, host: '127.0.0.1' }, () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});

process.stdin.on('data', () => {});
process.stdin.on('end', () => process.exit(0));
