//: says = "every rendered quote view subscribes to the process-wide price bus and is never unsubscribed when the response ends"
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["PriceBus", "listeners"]
//: per_s = 300
//: limit_mib = 512
import { createServer } from 'node:http';
import { EventEmitter } from 'node:events';

const SYMBOLS = ['ALV', 'BAS', 'BMW', 'CON', 'DBK', 'DHL', 'EOAN', 'FRE', 'HEI', 'IFX', 'LIN', 'MRK'];

class PriceBus extends EventEmitter {
  #prices = new Map(SYMBOLS.map((s, i) => [s, 40 + i * 7]));

  constructor() {
    super();
    this.setMaxListeners(0);
    this.generation = 1;
  }

  price(symbol) {
    return this.#prices.get(symbol) ?? 0;
  }

  drift(step) {
    for (const [symbol, p] of this.#prices) this.#prices.set(symbol, p + Math.sin(step + p) / 50);
  }

  newTradingDay() {
    this.generation += 1;
    this.emit('trading-day', this.generation);
  }
}

class Ladder {
  constructor(symbol, mid, depth) {
    this.symbol = symbol;
    this.levels = [];
    for (let i = 1; i <= depth; i++) {
      this.levels.push({ bid: mid - i * 0.011, ask: mid + i * 0.013, lots: (i * 37) % 400 });
    }
  }

  spread() {
    return this.levels[0].ask - this.levels[0].bid;
  }
}

class QuoteView {
  constructor(bus, account) {
    this.account = account;
    this.bus = bus;
    this.stale = false;
    this.ladders = [0, 5, 9].map((k) => {
      const symbol = SYMBOLS[(account + k) % SYMBOLS.length];
      return new Ladder(symbol, bus.price(symbol), 26);
    });
    this.onTradingDay = (generation) => {
      this.stale = generation > 0;
      this.ladders = [];
    };
    bus.on('trading-day', this.onTradingDay);
  }

  toJSON() {
    return {
      account: this.account,
      stale: this.stale,
      quotes: this.ladders.map((l) => ({ symbol: l.symbol, spread: Math.round(l.spread() * 1e4) / 1e4 })),
    };
  }

  dispose() {
    this.bus.off('trading-day', this.onTradingDay);
    this.ladders = [];
  }
}

class Usage {
  constructor(slots) {
    this.slots = new Uint32Array(slots);
  }
  hit(account) {
    this.slots[account % this.slots.length] += 1;
  }
}

const bus = new PriceBus();
const usage = new Usage(1024);
let step = 0;
setInterval(() => bus.drift(++step), 250).unref();
setInterval(() => bus.newTradingDay(), 12 * 3600 * 1000).unref();

const server = createServer((req, res) => {
  const account = Number.parseInt(req.url.slice(1), 10) || 0;
  usage.hit(account);
  const view = new QuoteView(bus, account);
  const body = JSON.stringify(view);
  res.on('finish', () => usage.hit(account + 1)); //~ leak
  res.on('finish', () => view.dispose());         //~ fixed
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
});

server.keepAliveTimeout = 60_000;
server.listen({ host: '127.0.0.1', port: 0 }, () => {
  process.stdout.write(`ready pid=${process.pid} port=${server.address().port}\n`);
});
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
