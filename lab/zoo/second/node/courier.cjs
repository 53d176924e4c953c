//: says = "each request races its work against one never-settled shutdown promise, which collects a reaction (and through it the result) per request"
//: kind = "leak"
//: causes = ["closure", "listener"]
//: holder = ["ShutdownGate", "closing"]
//: per_s = 300
//: limit_mib = 512
'use strict';
const { createServer } = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');

class ShutdownGate {
  constructor() {
    this.isClosing = false;
    this.closing = new Promise((_, reject) => { this._trip = reject; });
    this.closing.catch(() => {});
  }

  trip(reason) {
    this.isClosing = true;
    this._trip(new Error(reason));
  }
}

class Depot {
  constructor(id) {
    this.id = id;
    this.x = (id * 7919) % 1000;
    this.y = (id * 104729) % 1000;
  }

  distance(x, y) {
    return Math.hypot(this.x - x, this.y - y);
  }
}

class RoutePlanner {
  constructor(depots) {
    this.depots = depots;
    this.recentDurations = new Float64Array(256);
    this.cursor = 0;
  }

  async plan(n) {
    const from = performance.now();
    if (n % 16 === 0) await sleep(1);
    const stops = [];
    for (let i = 0; i < 56; i++) {
      const x = (n * 17 + i * 29) % 1000;
      const y = (n * 23 + i * 31) % 1000;
      const depot = this.depots[(n + i) % this.depots.length];
      stops.push({ at: `${x}/${y}`, depot: depot.id, km: depot.distance(x, y), eta: from + i * 1.5 });
    }
    this.recentDurations[this.cursor++ % 256] = performance.now() - from;
    return { parcel: n, stops, km: stops.reduce((sum, s) => sum + s.km, 0) };
  }

  typicalMs() {
    return [...this.recentDurations].sort((a, b) => a - b)[128];
  }
}

class Throttle {
  constructor(limit) {
    this.free = limit;
    this.queue = [];
  }

  async run(job) {
    if (this.free === 0) await new Promise((go) => this.queue.push(go));
    else this.free -= 1;
    try {
      return await job();
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}

const gate = new ShutdownGate();
const throttle = new Throttle(32);
const planner = new RoutePlanner(Array.from({ length: 120 }, (_, i) => new Depot(i)));

async function orAbort(work) {
  if (gate.isClosing) throw new Error('closing');
  return Promise.race([work, gate.closing]); //~ leak
  return work; //~ fixed
}

async function handle(req, res) {
  const n = Number(req.url.slice(1)) || 0;
  let status = 200;
  let body;
  try {
    const route = await orAbort(throttle.run(() => planner.plan(n)));
    body = `parcel ${route.parcel}: ${route.stops.length} stops, ${route.km.toPrecision(6)} km\n`;
    if (n % 500 === 499) body += `typical ${planner.typicalMs()} ms\n`;
  } catch (err) {
    status = 503;
    body = err.message;
  }
  res.writeHead(status, { 'Content-Length': Buffer.byteLength(body), 'Content-Type': 'text/plain' });
  res.end(body);
}

const server = createServer(handle).listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready pid=${process.pid} port=${server.address().port}\n`);
});
process.on('SIGTERM', () => gate.trip('terminated'));
process.stdin.resume().on('end', () => process.exit(0));
