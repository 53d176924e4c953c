//: says = "an LRU of rendered tiles with 11000 places fills for some 45 seconds (about 6 KiB each, each key new) and then evicts one for each it takes in"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
import { createServer } from 'node:http';

class Tile {
  constructor(z, x, y) {
    this.z = z;
    this.x = x;
    this.y = y;
    this.features = [];
  }

  draw() {
    for (let i = 0; i < 30; i++) {
      const seed = (this.x * 73856093) ^ (this.y * 19349663) ^ (i * 83492791);
      this.features.push({
        kind: ['road', 'river', 'park', 'rail'][Math.abs(seed) % 4],
        label: `f${(seed >>> 0).toString(36)}`,
        line: [seed % 256, (seed >> 3) % 256, (seed >> 7) % 256, (seed >> 11) % 256],
      });
    }
    return this;
  }
}

class TileCache {
  constructor(places) {
    this.places = places;
    this.tiles = new Map();
    this.hits = 0;
    this.misses = 0;
  }

  get(z, x, y) {
    const key = `${z}/${x}/${y}`;
    let tile = this.tiles.get(key);
    if (tile) {
      this.hits++;
      this.tiles.delete(key);
    } else {
      this.misses++;
      tile = new Tile(z, x, y).draw();
    }
    this.tiles.set(key, tile);
    if (this.tiles.size > this.places) {
      const oldest = this.tiles.keys().next().value;
      this.tiles.delete(oldest);
    }
    return tile;
  }
}

const cache = new TileCache(11000);

function toSvg(tile) {
  const parts = [`<svg id="${tile.z}-${tile.x}-${tile.y}">`];
  for (const f of tile.features) {
    parts.push(`<path class="${f.kind}" d="M${f.line.slice(0, 2).join(' ')}L${f.line.slice(2).join(' ')}"/>`);
  }
  parts.push('</svg>');
  return parts.join('');
}

const server = createServer((req, res) => {
  const n = Number.parseInt(req.url.slice(1), 10) || 0;
  const tile = cache.get(14, n % 4096, (n * 5) >> 4);
  const near = cache.get(8, n % 16, (n >> 4) % 16);
  const svg = toSvg(tile);
  const body = `${svg.length} bytes, ${near.features.length} near, hits ${cache.hits} misses ${cache.misses}\n`;
  res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
});

server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
process.stdin.on('end', () => process.exit(0)).resume();
