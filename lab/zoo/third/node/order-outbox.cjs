//: says = "a transactional outbox linked list is drained by one timer at fifty messages a second while requests add three hundred"
//: kind = "leak"
//: causes = ["queue-backlog"]
//: holder = ["Outbox"]
//: per_s = 300
//: limit_mib = 512
'use strict';
const { createServer } = require('http');
const { randomUUID } = require('crypto');

/** Singly linked FIFO; shift() on big arrays used to hurt us. */
class Outbox {
  constructor(transport) {
    this.head = null;
    this.tail = null;
    this.depth = 0;
    this.transport = transport;
    this.inFlight = 0;
  }

  push(message) {
    const cell = { message, next: null, tries: 0 };
    if (this.tail) this.tail.next = cell;
    else this.head = cell;
    this.tail = cell;
    this.depth += 1;
  }

  take() {
    const cell = this.head;
    if (!cell) return null;
    this.head = cell.next;
    if (!this.head) this.tail = null;
    this.depth -= 1;
    return cell;
  }

  async drain(max) {
    for (let i = 0; i < max; i++) {
      const cell = this.take();
      if (!cell) return i;
      this.inFlight += 1;
      try {
        await this.transport.send(cell.message);
      } catch (e) {
        if (++cell.tries < 3) this.push(cell.message);
      } finally {
        this.inFlight -= 1;
      }
    }
    return max;
  }
}

class LoopbackTransport {
  constructor() {
    this.bytes = 0;
    this.topics = new Map();
  }

  send(message) {
    this.bytes += JSON.stringify(message).length;
    this.topics.set(message.topic, (this.topics.get(message.topic) || 0) + 1);
    return Promise.resolve();
  }
}

const outbox = new Outbox(new LoopbackTransport());
const stock = new Map();
for (let i = 0; i < 500; i++) stock.set(`A${i}`, { onHand: 1000, reserved: 0 });

function placeOrder(n) {
  const items = [];
  for (let i = 0; i < 24; i++) {
    const art = `A${(n * 3 + i) % 500}`;
    stock.get(art).reserved += 1;
    items.push({ art, qty: 1 + (i % 3), net: 9.95 + i, attrs: { size: i % 6, lot: `${n}-${i}` } });
  }
  const order = { id: randomUUID(), n, items, placed: new Date() };
  outbox.push({ topic: `orders.${n % 8}`, key: order.id, order, headers: { v: 3, src: 'shop' } });
  return order;
}

const BATCH = 5; //~ leak
const BATCH = 500; //~ fixed
setInterval(() => {
  outbox.drain(BATCH).catch(() => process.abort());
}, 100);

const server = createServer((req, res) => {
  const order = placeOrder(Number(req.url.slice(1)) || 0);
  const body = `{"order":"${order.id}","items":${order.items.length}}`;
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
});

server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
