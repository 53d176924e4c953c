//: says = "every request builds a Basket that subscribes to the process-wide FeatureFlags emitter; dispose() passes a new bound function to off(), so the listener (and its basket) stays"
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["FeatureFlags"]
//: per_s = 250
//: limit_mib = 512
import { createServer } from 'node:http';
import { EventEmitter } from 'node:events';

class FeatureFlags extends EventEmitter {
  constructor(initial) {
    super();
    this.setMaxListeners(0);
    this.values = { ...initial };
  }

  isOn(name) {
    return this.values[name] === true;
  }

  apply(patch) {
    Object.assign(this.values, patch);
    this.emit('changed', patch);
  }
}

const flags = new FeatureFlags({ 'free-shipping': true, 'bundle-discount': false, 'gift-wrap': true });

class BasketLine {
  constructor(sku, title, quantity, unitCents) {
    this.sku = sku;
    this.title = title;
    this.quantity = quantity;
    this.unitCents = unitCents;
    this.tags = [`dept-${unitCents % 9}`, `season-${quantity}`];
  }

  get cents() {
    return this.quantity * this.unitCents;
  }
}

class Basket {
  constructor(customer, lines) {
    this.customer = customer;
    this.lines = lines;
    this.discounts = new Map();
    this.onFlags = this.onFlags.bind(this); //~ fixed
    flags.on('changed', this.onFlags.bind(this)); //~ leak
    flags.on('changed', this.onFlags); //~ fixed
    this.reprice();
  }

  onFlags(patch) {
    if ('bundle-discount' in patch || 'free-shipping' in patch) this.reprice();
  }

  reprice() {
    this.discounts.clear();
    if (flags.isOn('bundle-discount')) {
      for (const line of this.lines) {
        if (line.quantity > 2) this.discounts.set(line.sku, Math.floor(line.cents / 10));
      }
    }
    this.shipping = flags.isOn('free-shipping') ? 0 : 495;
  }

  total() {
    let sum = this.shipping;
    for (const line of this.lines) sum += line.cents - (this.discounts.get(line.sku) ?? 0);
    return sum;
  }

  dispose() {
    flags.off('changed', this.onFlags.bind(this)); //~ leak
    flags.off('changed', this.onFlags); //~ fixed
  }
}

function loadBasket(n) {
  const lines = [];
  for (let i = 0; i < 24; i++) {
    const sku = `A${(n * 31 + i * 17) % 90000}`;
    lines.push(new BasketLine(sku, `Article ${sku} / ${i}`, 1 + ((n + i) % 4), 199 + ((n * i) % 4000)));
  }
  return new Basket({ id: `c-${n % 700}`, tier: n % 3 ? 'basic' : 'plus' }, lines);
}

const server = createServer((req, res) => {
  const n = Number(req.url.slice(1)) || 0;
  const basket = loadBasket(n);
  try {
    const cents = basket.total();
    const text = `${basket.customer.id} owes ${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}\n`;
    res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) });
    res.end(text);
  } finally {
    basket.dispose();
  }
});

process.on('SIGHUP', () => flags.apply({ 'bundle-discount': !flags.isOn('bundle-discount') }));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready pid=${process.pid} port=${server.address().port}\n`);
});
