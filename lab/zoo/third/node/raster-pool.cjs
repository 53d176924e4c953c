//: says = "a pool of scratch rasters opens another every 150 ms while demand waves rise until its maximum of 120, and gives none back to the system"
//: kind = "healthy"
//: per_s = 200
//: limit_mib = 512
'use strict';
const http = require('http');

const MAX_RASTERS = 120;
const SIDE = 96;

class Raster {
  constructor(id) {
    this.id = id;
    this.rows = [];
    for (let y = 0; y < SIDE; y++) {
      const row = new Array(SIDE);
      for (let x = 0; x < SIDE; x++) row[x] = (x ^ y) + 0.5;
      this.rows.push(row);
    }
    this.legend = new Map([['low', 0], ['high', id]]);
    this.used = 0;
  }

  paint(n) {
    this.used++;
    const row = this.rows[n % SIDE];
    let sum = 0;
    for (let x = 0; x < SIDE; x++) sum += row[x] = (row[x] * 31 + n) % 255;
    return sum;
  }
}

class RasterPool {
  constructor(max) {
    this.max = max;
    this.all = [];
    this.free = [];
    this.waiting = [];
    this.lastGrow = 0;
  }

  acquire() {
    const now = Date.now();
    if (this.all.length < this.max && now - this.lastGrow > 150) {
      this.lastGrow = now;
      const r = new Raster(this.all.length);
      this.all.push(r);
      return Promise.resolve(r);
    }
    if (this.free.length) return Promise.resolve(this.free.shift());
    return new Promise((ok) => this.waiting.push(ok));
  }

  release(r) {
    const next = this.waiting.shift();
    if (next) next(r);
    else this.free.push(r);
  }
}

const pool = new RasterPool(MAX_RASTERS);
const histogram = new Uint32Array(64);

async function draw(n) {
  const raster = await pool.acquire();
  try {
    await new Promise((r) => setTimeout(r, 1 + (n % 3)));
    const sum = raster.paint(n);
    histogram[Math.floor(sum) & 63]++;
    return { raster: raster.id, sum, pool: pool.all.length };
  } finally {
    pool.release(raster);
  }
}

const server = http.createServer((req, res) => {
  draw(Number(req.url.slice(1)) || 0)
    .then((r) => {
      const body = JSON.stringify(r);
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
      res.end(body);
    })
    .catch((e) => {
      console.error(e);
      res.writeHead(500, { 'Content-Length': 0 });
      res.end();
    });
});

server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
