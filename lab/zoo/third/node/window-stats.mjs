//: says = "keeps each request's sample for a sliding window of twenty seconds, so the heap climbs until the window is full and then stays level"
//: kind = "healthy"
//: per_s = 300
//: limit_mib = 512
import { createServer } from 'node:http';

const WINDOW_MS = 20_000;
const SLICE_MS = 500;

class Slice {
  constructor(from) {
    this.from = from;
    this.samples = [];
    this.counts = new Map();
  }

  add(sample) {
    this.samples.push(sample);
    this.counts.set(sample.sensor, (this.counts.get(sample.sensor) ?? 0) + 1);
  }
}

class SlidingWindow {
  constructor(span, step) {
    this.slices = [];
    this.span = span;
    this.step = step;
    this.dropped = 0;
  }

  current(now) {
    const last = this.slices.at(-1);
    if (last && now - last.from < this.step) return last;
    const fresh = new Slice(now);
    this.slices.push(fresh);
    while (this.slices[0].from < now - this.span) {
      this.dropped += this.slices.shift().samples.length;
    }
    return fresh;
  }

  *tail(limit) {
    for (let i = this.slices.length - 1; i >= 0 && limit > 0; i--) {
      for (let k = this.slices[i].samples.length - 1; k >= 0 && limit > 0; k--, limit--) {
        yield this.slices[i].samples[k];
      }
    }
  }
}

const win = new SlidingWindow(WINDOW_MS, SLICE_MS);
const alarms = [];

function sample(n) {
  const base = 20 + (n % 80) / 4;
  return {
    sensor: `bridge-${n % 48}`,
    n,
    at: Date.now(),
    strain: Array.from({ length: 16 }, (_, i) => ({ ch: i, um: base + i * 0.37, temp: base / 2 + i, ok: i !== n % 90 })),
    meta: { fw: `3.${n % 7}`, gain: [1, 2, 4, 8].map((g) => g * base) },
  };
}

function ingest(n) {
  const s = sample(n);
  win.current(s.at).add(s);
  let peak = 0;
  for (const t of win.tail(40)) peak = Math.max(peak, t.strain[3].um);
  if (peak > 40.8) {
    alarms.push({ n, peak });
    if (alarms.length > 50) alarms.splice(0, 25);
  }
  return `${s.sensor} peak ${peak.toPrecision(4)} of ${win.slices.length} slices`;
}

const server = createServer((req, res) => {
  const text = ingest(Number.parseInt(req.url.slice(1), 10) || 0);
  res.setHeader('Content-Type', 'text/plain');
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
});

server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
