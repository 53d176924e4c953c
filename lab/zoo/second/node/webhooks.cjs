//: says = "outgoing webhook deliveries are queued at request pace and drained at a quarter of it, so the linked queue lengthens for ever"
//: kind = "leak"
//: causes = ["queue-backlog"]
//: holder = ["DeliveryQueue", "_head"]
//: per_s = 300
//: limit_mib = 512
'use strict';
const http = require('node:http');
const crypto = require('node:crypto');

const PUMP_MS = 50;
const BATCH = 4;   //~ leak
const BATCH = 128; //~ fixed

class Delivery {
  constructor(endpoint, event) {
    this.endpoint = endpoint;
    this.event = event;
    this.attempts = 0;
    this.enqueuedAt = Date.now();
    this.next = null;
  }
}

class DeliveryQueue {
  constructor() {
    this._head = null;
    this._tail = null;
    this.length = 0;
  }

  push(delivery) {
    if (this._tail) this._tail.next = delivery;
    else this._head = delivery;
    this._tail = delivery;
    this.length += 1;
  }

  take() {
    const first = this._head;
    if (!first) return null;
    this._head = first.next;
    if (!this._head) this._tail = null;
    first.next = null;
    this.length -= 1;
    return first;
  }
}

class Subscriptions {
  constructor(count) {
    this.endpoints = Array.from({ length: count }, (_, i) => ({
      url: `https://hooks.partner-${i}.example/in`,
      secret: crypto.createHash('sha1').update(String(i)).digest('hex'),
      delivered: 0,
    }));
  }

  forTopic(n) {
    return this.endpoints[n % this.endpoints.length];
  }
}

class Courier {
  constructor(queue) {
    this.queue = queue;
    this.recent = [];
    this.timer = null;
  }

  start() {
    this.timer = setInterval(() => this.pump(), PUMP_MS);
  }

  pump() {
    for (let i = 0; i < BATCH; i++) {
      const delivery = this.queue.take();
      if (!delivery) return;
      this.deliver(delivery);
    }
  }

  deliver(delivery) {
    delivery.attempts += 1;
    const signature = crypto.createHmac('sha256', delivery.endpoint.secret)
      .update(JSON.stringify(delivery.event)).digest('base64');
    delivery.endpoint.delivered += 1;
    this.recent.push({ signature, waited: Date.now() - delivery.enqueuedAt });
    if (this.recent.length > 300) this.recent.shift();
  }
}

function orderEvent(n) {
  const items = [];
  for (let i = 0; i < 60; i++) items.push({ sku: `SKU-${n}-${i}`, qty: 1 + (i % 3), net: (n % 97) + i / 8 });
  return { type: 'order.placed', order: n, at: new Date().toISOString(), items };
}

const queue = new DeliveryQueue();
const subscriptions = new Subscriptions(40);
const courier = new Courier(queue);
courier.start();

const server = http.createServer({ keepAliveTimeout: 30000 }, (req, res) => {
  const n = Number.parseInt(req.url.replace('/', ''), 10) || 0;
  const event = orderEvent(n);
  queue.push(new Delivery(subscriptions.forTopic(n), event));
  const body = Buffer.from(JSON.stringify({ accepted: n, items: event.items.length, lag: queue.length }));
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  res.end(body);
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready pid=${process.pid} port=${server.address().port}\n`);
});
process.stdin.on('end', () => { clearInterval(courier.timer); process.exit(0); });
process.stdin.resume();
