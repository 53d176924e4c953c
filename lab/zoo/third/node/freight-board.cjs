//: says = "each request's load watcher subscribes to the shared rate feed with on('rate'); the listener is never taken off, so watcher and its offers stay"
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["rateFeed", "rate"]
//: per_s = 300
//: limit_mib = 512
'use strict';
const http = require('node:http');
const { EventEmitter } = require('node:events');

const rateFeed = new EventEmitter();
rateFeed.setMaxListeners(0);

const LANES = ['HAM-MUC', 'RTM-WAW', 'ANR-LYS', 'GDN-VIE', 'BCN-MIL'];
const laneStats = new Map(LANES.map((l) => [l, { asked: 0, best: Infinity }]));
const lastSeen = [];

function makeOffers(n) {
  const offers = [];
  for (let i = 0; i < 26; i++) {
    offers.push({
      carrier: `carrier-${(n * 7 + i) % 400}`,
      ref: `${n}/${i}`,
      eur: 400 + ((n * 13 + i * 29) % 900) + 0.5,
      stops: [n % 90, (n + i) % 90, (n + 2 * i) % 90],
    });
  }
  return offers;
}

class LoadWatcher {
  constructor(lane, n) {
    this.lane = lane;
    this.offers = makeOffers(n);
    this.factor = 1;
    this.onRate = (lane, factor) => {
      if (lane === this.lane) this.factor = factor;
    };
  }

  start() {
    rateFeed.on('rate', this.onRate);
    return this;
  }

  stop() {
    rateFeed.off('rate', this.onRate); //~ fixed
    this.stoppedAt = Date.now();
  }

  best() {
    let b = this.offers[0];
    for (const o of this.offers) if (o.eur < b.eur) b = o;
    return { ...b, eur: b.eur * this.factor };
  }
}

function handle(n) {
  const lane = LANES[n % LANES.length];
  const w = new LoadWatcher(lane, n).start();
  const best = w.best();
  w.stop();
  const st = laneStats.get(lane);
  st.asked++;
  st.best = Math.min(st.best, best.eur);
  lastSeen.push({ n, lane, eur: best.eur });
  if (lastSeen.length > 100) lastSeen.shift();
  return best;
}

const server = http.createServer((req, res) => {
  const n = Number(req.url.slice(1)) || 0;
  const body = JSON.stringify(handle(n));
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
});

setInterval(() => {
  const lane = LANES[Math.floor(Math.random() * LANES.length)];
  rateFeed.emit('rate', lane, 0.95 + Math.random() / 10);
}, 5000).unref();

server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
