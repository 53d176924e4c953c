//: says = "scratch buffers are shelved under their rounded-up size but looked for under the wanted size, so the pool never reuses one and its shelves grow"
//: kind = "leak"
//: causes = ["native-allocation", "static-collection"]
//: holder = ["ScratchPool", "_idle"]
//: per_s = 250
//: limit_mib = 512
import http from 'node:http';
import { createHash } from 'node:crypto';

const GRAIN = 1024;

class ScratchPool {
  constructor() {
    this._idle = new Map();
    this.borrowed = 0;
    this.created = 0;
  }

  sizeFor(bytes) {
    return Math.ceil(bytes / GRAIN) * GRAIN;
  }

  borrow(bytes) {
    this.borrowed += 1;
    const shelf = this._idle.get(bytes);               //~ leak
    const shelf = this._idle.get(this.sizeFor(bytes)); //~ fixed
    if (shelf && shelf.length) return shelf.pop();
    this.created += 1;
    return Buffer.alloc(this.sizeFor(bytes));
  }

  giveBack(buffer) {
    this.borrowed -= 1;
    let shelf = this._idle.get(buffer.length);
    if (!shelf) this._idle.set(buffer.length, (shelf = []));
    shelf.push(buffer);
  }
}

class Palette {
  constructor(seed) {
    this.colours = Uint8Array.from({ length: 256 }, (_, i) => (i * seed) & 255);
  }

  at(i) {
    return this.colours[i & 255];
  }
}

class Mill {
  constructor(pool) {
    this.pool = pool;
    this.palettes = Array.from({ length: 12 }, (_, i) => new Palette(i * 2 + 3));
    this.etags = new Map();
  }

  paint(n) {
    const width = 60 + (n % 40);
    const height = 79;
    const palette = this.palettes[n % this.palettes.length];
    const scratch = this.pool.borrow(width * height + 33);
    try {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) scratch[y * width + x] = palette.at(x * y + n);
      }
      const pixels = scratch.subarray(0, width * height);
      return { width, height, etag: createHash('md5').update(pixels).digest('hex') };
    } finally {
      this.pool.giveBack(scratch);
    }
  }

  rememberEtag(n, etag) {
    this.etags.set(n % 500, etag);
  }
}

const pool = new ScratchPool();
const mill = new Mill(pool);

class Router {
  #routes = [];

  get(pattern, handler) {
    this.#routes.push({ pattern, handler });
    return this;
  }

  dispatch(req, res) {
    for (const { pattern, handler } of this.#routes) {
      const match = pattern.exec(req.url);
      if (match) return handler(match, res);
    }
    return send(res, 404, 'no such picture');
  }
}

function send(res, status, text, headers = {}) {
  res.writeHead(status, { 'Content-Length': Buffer.byteLength(text), ...headers });
  res.end(text);
}

const router = new Router()
  .get(/^\/status$/, (_, res) => send(res, 200, `${pool.borrowed} of ${pool.created} in use`))
  .get(/^\/(\d+)/, ([, id], res) => {
    const picture = mill.paint(Number(id));
    mill.rememberEtag(Number(id), picture.etag);
    send(res, 200, `${picture.width}x${picture.height}`, { ETag: picture.etag });
  });

const server = http.createServer((req, res) => router.dispatch(req, res));
server.listen(0, '127.0.0.1', () => console.log(`ready pid=${process.pid} port=${server.address().port}`));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
