//: says = "healthy: a module-level array collects usage rows and is rolled up and emptied every 2400 rows, a slow sawtooth"
//: kind = "healthy"
//: per_s = 300
//: limit_mib = 512
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const ROLLUP_ROWS = 2400;
const rows = [];
const rollups = [];

class Clock {
  constructor() {
    this.origin = Date.now();
  }
  seconds() {
    return (Date.now() - this.origin) / 1000;
  }
}

class Meter {
  constructor(region) {
    this.region = region;
    this.total = 0;
    this.peak = 0;
  }

  absorb(row) {
    for (const s of row.samples) {
      this.total += s.kwh;
      if (s.kwh > this.peak) this.peak = s.kwh;
    }
  }
}

const clock = new Clock();
const meters = new Map(['north', 'south', 'east', 'west', 'islands'].map((r) => [r, new Meter(r)]));
const regions = [...meters.keys()];

function collect(n) {
  const region = regions[n % regions.length];
  const row = {
    device: `dev-${n}`,
    region,
    at: clock.seconds(),
    samples: Array.from({ length: 70 }, (_, i) => ({ slot: i, kwh: ((n + i * 13) % 97) / 9, volts: 229 + (i % 5) / 3 })),
    notes: [`rssi ${(n * 7) % 90}`, `fw ${(n % 4) + 1}.${n % 10}`],
  };
  rows.push(row);
  if (rows.length >= ROLLUP_ROWS) rollUp();
  return row;
}

function rollUp() {
  const summary = { from: rows[0].at, to: rows[rows.length - 1].at, count: rows.length, perRegion: {} };
  for (const row of rows) meters.get(row.region).absorb(row);
  for (const meter of meters.values()) {
    summary.perRegion[meter.region] = { total: meter.total, peak: meter.peak };
    meter.total = 0;
    meter.peak = 0;
  }
  rollups.push(gzipSync(JSON.stringify(summary)));
  if (rollups.length > 24) rollups.shift();
  rows.length = 0;
}

const server = createServer((req, res) => {
  const n = Number.parseInt(req.url.slice(1), 10) || 0;
  const row = collect(n);
  const body = `${row.device} ${row.region} ${row.samples.length} samples, ${rows.length} waiting, ${rollups.length} rollups\n`;
  res.writeHead(200, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
  res.end(body);
});

server.on('clientError', (_, socket) => socket.destroy());
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready pid=${process.pid} port=${server.address().port}\n`);
});
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
