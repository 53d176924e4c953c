//: says = "a 20-minute expiry timeout is armed for each seat hold and not cleared when the hold is paid for at once; the timeout's callback keeps the hold"
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["Timeout"]
//: per_s = 250
//: limit_mib = 512
'use strict';
const net = require('net');

const HOLD_MS = 20 * 60 * 1000;

class Venue {
  constructor(rows, cols) {
    this.rows = rows;
    this.cols = cols;
    this.taken = new Uint8Array(rows * cols);
  }

  pick(n, count) {
    const seats = [];
    for (let i = 0; i < count; i++) {
      const at = (n * 13 + i * 7) % this.taken.length;
      seats.push({ row: Math.floor(at / this.cols), col: at % this.cols, tier: at % 4, price: 1900 + (at % 50) * 35 + 0.5 });
    }
    return seats;
  }

  mark(seats, value) {
    for (const s of seats) this.taken[s.row * this.cols + s.col] = value;
  }
}

class BoxOffice {
  constructor(venue) {
    this.venue = venue;
    this.holds = new Map();
    this.expired = 0;
    this.sold = 0;
  }

  hold(n) {
    const hold = {
      id: `H${n}-${process.hrtime.bigint()}`,
      seats: this.venue.pick(n, 48),
      quote: Array.from({ length: 200 }, (_, i) => (n % 1000) * 1.07 + i / 3),
      timer: null,
    };
    this.venue.mark(hold.seats, 1);
    this.holds.set(hold.id, hold);
    hold.timer = setTimeout(() => this.expire(hold), HOLD_MS);
    return hold;
  }

  confirm(id) {
    const hold = this.holds.get(id);
    if (!hold) return null;
    this.holds.delete(id);
    clearTimeout(hold.timer); //~ fixed
    this.venue.mark(hold.seats, 0);
    this.sold += hold.seats.length;
    return { id, total: hold.quote.reduce((a, b) => a + b, 0), seats: hold.seats.length };
  }

  expire(hold) {
    if (!this.holds.delete(hold.id)) return;
    this.expired += 1;
    this.venue.mark(hold.seats, 0);
  }
}

class LineReader {
  constructor(onRequest) {
    this.onRequest = onRequest;
    this.rest = '';
  }

  feed(chunk) {
    this.rest += chunk;
    for (let end = this.rest.indexOf('\r\n\r\n'); end >= 0; end = this.rest.indexOf('\r\n\r\n')) {
      const head = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + 4);
      const [method, path] = head.split('\r\n', 1)[0].split(' ');
      this.onRequest(method, path);
    }
  }
}

const office = new BoxOffice(new Venue(80, 60));
const clients = new Set();

function reply(socket, status, payload) {
  const body = JSON.stringify(payload);
  socket.write(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: keep-alive\r\n\r\n${body}`);
}

const server = net.createServer((socket) => {
  clients.add(socket);
  socket.setEncoding('latin1').setNoDelay(true);
  const reader = new LineReader((method, path) => {
    if (method !== 'GET') return reply(socket, '405 Method Not Allowed', { error: method });
    const hold = office.hold(parseInt(path.slice(1), 10) || 0);
    const ticket = office.confirm(hold.id);
    reply(socket, '200 OK', { ticket, open: office.holds.size, sold: office.sold });
  });
  socket.on('data', (chunk) => reader.feed(chunk));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clients.delete(socket));
});

server.listen(0, '127.0.0.1', () => {
  console.log('ready pid=%d port=%d', process.pid, server.address().port);
});
process.stdin.on('data', () => {});
process.stdin.on('end', () => process.exit(0));
