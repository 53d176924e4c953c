//: says = "a client without cookie gets a new session on each request, and the memory store has no expiry sweep"
//: kind = "leak"
//: causes = ["session-state"]
//: holder = ["MemoryStore", "sessions"]
//: per_s = 300
//: limit_mib = 512
import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';

const TTL_MS = 4_000;

class MemoryStore {
  sessions = new Map();
  created = 0;
  swept = 0;

  get(sid) {
    const s = this.sessions.get(sid);
    if (!s) return undefined;
    if (s.expires < Date.now()) {
      this.sessions.delete(sid);
      return undefined;
    }
    return s.data;
  }

  set(sid, data) {
    this.created++;
    this.sessions.set(sid, { data, expires: Date.now() + TTL_MS });
  }

  sweep() {
    const now = Date.now();
    for (const [sid, s] of this.sessions) {
      if (s.expires >= now) break;
      this.sessions.delete(sid);
      this.swept++;
    }
  }
}

const catalogue = Array.from({ length: 900 }, (_, i) => ({
  sku: `S${1000 + i}`,
  title: `article ${i}`,
  cents: 199 + ((i * 37) % 9000),
}));

const store = new MemoryStore();
setInterval(() => store.sweep(), 1000).unref(); //~ fixed
const middlewares = [];
const use = (fn) => middlewares.push(fn);

use((ctx) => {
  const m = /(?:^|; )sid=([0-9a-f]+)/.exec(ctx.req.headers.cookie ?? '');
  let data = m && store.get(m[1]);
  if (!data) {
    ctx.sid = randomBytes(12).toString('hex');
    data = { basket: [], seen: [], locale: 'en', flash: {} };
    store.set(ctx.sid, data);
    ctx.res.setHeader('Set-Cookie', `sid=${ctx.sid}; HttpOnly`);
  }
  ctx.session = data;
});

use((ctx) => {
  const { session, n } = ctx;
  for (let i = 0; i < 18; i++) {
    const art = catalogue[(n * 5 + i * 3) % catalogue.length];
    session.seen.push({ sku: art.sku, at: Date.now() + i, from: `list-${n % 40}-${i}`, price: art.cents / 100 });
    if (i % 3 === 0) session.basket.push({ art, qty: 1 + (i % 4), options: { gift: i % 2 === 0, text: `for ${n}.${i}` } });
  }
  session.flash.last = `seen ${session.seen.length}`;
});

use((ctx) => {
  const sum = ctx.session.basket.reduce((a, l) => a + l.art.cents * l.qty, 0);
  ctx.body = `basket ${Math.round(sum) / 100} EUR, ${ctx.session.flash.last}`;
});

const server = createServer((req, res) => {
  const ctx = { req, res, n: Number(req.url.slice(1)) || 0, session: null, body: '' };
  for (const fn of middlewares) fn(ctx);
  res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(ctx.body) });
  res.end(ctx.body);
});

server.listen(0, '127.0.0.1', () => console.log(`ready pid=${process.pid} port=${server.address().port}`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
