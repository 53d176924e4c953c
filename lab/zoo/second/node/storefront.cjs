//: says = "GraphQL-style batch loaders are built once for the process, so their per-request memo keeps every row ever loaded"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["BatchLoader", "_memo"]
//: per_s = 250
//: limit_mib = 512
'use strict';
const http = require('node:http');

// ---- storage ---------------------------------------------------------------
class ShardStore {
  constructor(name, shards) {
    this.name = name;
    this.shards = Array.from({ length: shards }, (_, i) => ({ id: i, reads: 0 }));
  }

  async readMany(keys) {
    await null;
    return keys.map((key) => {
      const shard = this.shards[Number(key) % this.shards.length];
      shard.reads += 1;
      return this.hydrate(Number(key));
    });
  }

  hydrate(key) {
    const offers = [];
    for (let i = 0; i < 18; i++) {
      offers.push({ sku: `${this.name}-${key}-${i}`, cents: (key * 31 + i * 97) % 90000, stock: (key + i) % 40, ratio: key / (i + 3) });
    }
    return { key, title: `${this.name} number ${key}`, offers, tags: [`t${key % 9}`, `u${key % 13}`] };
  }
}

// ---- loading ---------------------------------------------------------------
class BatchLoader {
  constructor(fetchMany, { maxBatch = 64 } = {}) {
    this._fetchMany = fetchMany;
    this._maxBatch = maxBatch;
    this._memo = new Map();
    this._waiting = [];
  }

  load(key) {
    const known = this._memo.get(key);
    if (known) return known;
    const promise = new Promise((resolve, reject) => {
      this._waiting.push({ key, resolve, reject });
      if (this._waiting.length === 1) process.nextTick(() => this._dispatch());
      else if (this._waiting.length >= this._maxBatch) this._dispatch();
    });
    this._memo.set(key, promise);
    return promise;
  }

  async _dispatch() {
    const batch = this._waiting;
    this._waiting = [];
    if (!batch.length) return;
    try {
      const rows = await this._fetchMany(batch.map((w) => w.key));
      batch.forEach((w, i) => w.resolve(rows[i]));
    } catch (err) {
      batch.forEach((w) => w.reject(err));
    }
  }
}

const products = new ShardStore('product', 8);
const vendors = new ShardStore('vendor', 2);

function makeLoaders() {
  return {
    product: new BatchLoader((keys) => products.readMany(keys)),
    vendor: new BatchLoader((keys) => vendors.readMany(keys), { maxBatch: 16 }),
  };
}

const loaders = makeLoaders(); //~ leak

// ---- resolvers -------------------------------------------------------------
const vendorNames = new Map();

function rememberVendor(row) {
  if (vendorNames.size > 200) vendorNames.delete(vendorNames.keys().next().value);
  vendorNames.set(row.key, row.title);
}

async function resolveProductPage(n, ctx) {
  const [product, companion, vendor] = await Promise.all([
    ctx.loaders.product.load(n * 2),
    ctx.loaders.product.load(n * 2 + 1),
    ctx.loaders.vendor.load(n % 60),
  ]);
  rememberVendor(vendor);
  const again = await ctx.loaders.product.load(n * 2);
  return {
    title: product.title,
    soldBy: vendorNames.get(vendor.key),
    cheapest: Math.min(...again.offers.map((o) => o.cents)),
    alongside: companion.title,
  };
}

const server = http.createServer(async (req, res) => {
  const n = parseInt(req.url.slice(1), 10) || 0;
  const ctx = { startedAt: Date.now(), loaders };               //~ leak
  const ctx = { startedAt: Date.now(), loaders: makeLoaders() }; //~ fixed
  const page = await resolveProductPage(n, ctx);
  const body = JSON.stringify({ data: page, extensions: { ms: Date.now() - ctx.startedAt } });
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
});

server.listen(0, '127.0.0.1', () => console.log(`ready pid=${process.pid} port=${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
