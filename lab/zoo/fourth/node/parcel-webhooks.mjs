//: says = "every request enqueues a webhook delivery in a linked Outbox; the dispatcher takes at most six deliveries per 100 ms (60 a second) while 250 a second arrive, so the backlog of deliveries piles up"
//: kind = "leak"
//: causes = ["queue-backlog"]
//: holder = ["Outbox"]
//: per_s = 250
//: limit_mib = 512
import { createServer } from 'node:http';
import { createHmac } from 'node:crypto';

const TICK_MS = 100;
const BATCH = 6; //~ leak
const BATCH = 60; //~ fixed

class Delivery {
  constructor(endpoint, event) {
    this.endpoint = endpoint;
    this.event = event;
    this.headers = { 'x-topic': event.type, 'x-shop': endpoint.shop, 'x-attempt': 1 };
    this.queuedAt = Date.now();
    this.after = null;
  }
}

class Outbox {
  constructor() {
    this.front = null;
    this.back = null;
    this.size = 0;
  }

  put(delivery) {
    if (this.back) this.back.after = delivery;
    else this.front = delivery;
    this.back = delivery;
    this.size++;
  }

  take() {
    const delivery = this.front;
    if (!delivery) return null;
    this.front = delivery.after;
    if (!this.front) this.back = null;
    delivery.after = null;
    this.size--;
    return delivery;
  }
}

class Dispatcher {
  constructor(secret) {
    this.secret = secret;
    this.outbox = new Outbox();
    this.sent = 0;
    this.signature = '';
  }

  run() {
    setInterval(() => this.drain(), TICK_MS);
  }

  drain() {
    for (let i = 0; i < BATCH; i++) {
      const delivery = this.outbox.take();
      if (!delivery) return;
      const payload = JSON.stringify(delivery.event);
      this.signature = createHmac('sha256', this.secret).update(payload).digest('hex');
      this.sent++;
    }
  }
}

const endpoints = Array.from({ length: 40 }, (_, i) => ({ shop: `shop-${i}`, url: `https://shop-${i}.example.test/hook` }));
const dispatcher = new Dispatcher('k3y-for-signing');

function scanEvent(n) {
  const steps = [];
  for (let i = 0; i < 22; i++) {
    steps.push({
      depot: `D${(n * 5 + i) % 320}`,
      at: new Date(1.7e12 + n * 1000 + i * 3.6e6),
      weight: 0.25 + ((n + i) % 80) / 4,
      remark: `belt ${(n + i) % 12} slot ${(i * 7 + n) % 99}`,
    });
  }
  return { type: n % 3 ? 'parcel.scanned' : 'parcel.delivered', parcel: `PX${String(n).padStart(9, '0')}`, steps };
}

const server = createServer((req, res) => {
  const n = Number.parseInt(req.url.slice(1), 10) || 0;
  const event = scanEvent(n);
  dispatcher.outbox.put(new Delivery(endpoints[n % endpoints.length], event));
  const last = event.steps[event.steps.length - 1];
  const body = JSON.stringify({ parcel: event.parcel, depot: last.depot, at: last.at, sent: dispatcher.sent });
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
});

dispatcher.run();
server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
process.stdin.on('end', () => process.exit(0)).resume();
