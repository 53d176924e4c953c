//: says = "each SeatHold starts an interval that renews its lease every four minutes; a completed purchase drops the hold from the hall's map without clearing the interval, so the timer keeps the hold with its seats and prices"
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["SeatHold"]
//: per_s = 250
//: limit_mib = 512
'use strict';
const http = require('node:http');
const crypto = require('node:crypto');

const RENEW_EVERY = 4 * 60 * 1000;
const ROWS = 'ABCDEFGHJKLMNPQRST';

class SeatHold {
  constructor(hall, party, seats) {
    this.id = crypto.randomUUID();
    this.hall = hall;
    this.party = party;
    this.seats = seats;
    this.leaseUntil = Date.now() + RENEW_EVERY * 2;
    this.renewals = 0;
    this.timer = setInterval(() => this.renew(), RENEW_EVERY);
  }

  renew() {
    this.renewals += 1;
    this.leaseUntil = Date.now() + RENEW_EVERY * 2;
  }

  price() {
    return this.seats.reduce((sum, s) => sum + s.base + s.fee.service + s.fee.venue, 0);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
  }
}

class Hall {
  constructor(name, capacity) {
    this.name = name;
    this.capacity = capacity;
    this.holds = new Map();
    this.sold = 0;
    this.revenue = 0;
  }

  hold(party, seats) {
    const hold = new SeatHold(this, party, seats);
    this.holds.set(hold.id, hold);
    return hold;
  }

  abandon(id) {
    const hold = this.holds.get(id);
    if (!hold) return false;
    hold.stop();
    return this.holds.delete(id);
  }

  purchase(id) {
    const hold = this.holds.get(id);
    if (!hold) throw new Error(`no hold ${id}`);
    hold.stop(); //~ fixed
    this.holds.delete(id);
    this.sold += hold.seats.length;
    this.revenue += hold.price();
    return { reference: id.slice(0, 8).toUpperCase(), cents: hold.price() };
  }
}

const halls = ['Grand', 'Studio', 'Garden', 'Loft'].map((n, i) => new Hall(n, 400 + i * 150));

function pickSeats(n) {
  const seats = [];
  const count = 12 + (n % 8);
  for (let i = 0; i < count; i++) {
    seats.push({
      label: `${ROWS[(n + (i >> 2)) % ROWS.length]}${(n * 7 + i) % 40}`,
      base: 2500 + ((n * 13) % 50) * 40,
      fee: { service: 150 + (i % 3) * 25, venue: 95 },
      view: { angle: ((n + i) * 11) % 90 + 0.5, distance: 8.25 + i },
      holder: `guest ${i + 1} of ${count}, party ${n}`.normalize(),
    });
  }
  return seats;
}

const server = http.createServer((req, res) => {
  const n = parseInt(req.url.slice(1), 10) || 0;
  const hall = halls[n % halls.length];
  const hold = hall.hold({ name: `party-${n}`, mail: `p${n}@example.test` }, pickSeats(n));
  let out;
  if (n % 16 === 5) {
    hall.abandon(hold.id);
    out = { hall: hall.name, status: 'abandoned' };
  } else {
    out = { hall: hall.name, status: 'sold', ...hall.purchase(hold.id) };
  }
  const body = JSON.stringify(out);
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
});

process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
