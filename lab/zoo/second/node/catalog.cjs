//: says = "healthy: LRU of parsed catalogue pages, 2500 entries, every request a miss or a hit with constant churn once full"
//: kind = "healthy"
//: per_s = 300
//: limit_mib = 512
'use strict';
const http = require('http');

class LruMap {
  constructor(capacity, onEvict) {
    this.capacity = capacity;
    this.onEvict = onEvict;
    this.entries = new Map();
  }

  get(key) {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key, value) {
    this.entries.delete(key);
    this.entries.set(key, value);
    while (this.entries.size > this.capacity) {
      const [oldest, evicted] = this.entries.entries().next().value;
      this.entries.delete(oldest);
      this.onEvict(oldest, evicted);
    }
  }
}

class Stats {
  constructor() {
    this.hits = 0;
    this.misses = 0;
    this.evictedBytes = 0;
  }
}

class PageSource {
  constructor(seed) {
    this.seed = seed;
  }

  fetch(n) {
    const articles = [];
    for (let i = 0; i < 45; i++) {
      articles.push({
        ean: `${this.seed}${n}${i}`.padStart(13, '0'),
        name: `Article ${n}.${i}`,
        price: (n * 3 + i * 11) % 10000 / 100,
        dims: [i, i * 2, n % 7],
      });
    }
    return JSON.stringify({ page: n, articles });
  }
}

class Catalog {
  constructor(source, stats) {
    this.source = source;
    this.stats = stats;
    this.pages = new LruMap(2500, (_, page) => { stats.evictedBytes += page.size; });
    this.inflight = new Map();
  }

  async page(n) {
    const known = this.pages.get(n);
    if (known) {
      this.stats.hits += 1;
      return known;
    }
    if (this.inflight.has(n)) return this.inflight.get(n);
    const loading = this.load(n).finally(() => this.inflight.delete(n));
    this.inflight.set(n, loading);
    return loading;
  }

  async load(n) {
    this.stats.misses += 1;
    const text = this.source.fetch(n);
    await new Promise(setImmediate);
    const page = { ...JSON.parse(text), size: text.length };
    this.pages.set(n, page);
    return page;
  }
}

const stats = new Stats();
const catalog = new Catalog(new PageSource(40), stats);

const server = http.createServer(async (req, res) => {
  const n = parseInt(req.url.slice(1), 10) || 0;
  const page = await catalog.page(n);
  if (n > 5) await catalog.page(n - 5);
  const body = JSON.stringify({
    page: page.page,
    first: page.articles[0].name,
    cached: catalog.pages.entries.size,
    hitRate: stats.hits / (stats.hits + stats.misses),
  });
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
});

server.listen(0, '127.0.0.1', () => console.log(`ready pid=${process.pid} port=${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
