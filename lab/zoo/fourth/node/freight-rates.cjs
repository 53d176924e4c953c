//: says = "RateBook memoises priced routes in a private Map under a key that contains the exact request time in ISO form, so no entry is ever found again and none is removed"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["RateBook", "priced"]
//: per_s = 250
//: limit_mib = 512
'use strict';
const http = require('node:http');

const PORTS = ['RTM', 'HAM', 'ANR', 'LEH', 'GOA', 'BCN', 'PIR', 'GDN', 'OSL', 'DUB'];
const CARRIERS = ['northline', 'maris', 'blue-hull', 'kontor', 'seabridge', 'estuary'];

class Surcharge {
  constructor(code, amount, currency) {
    this.code = code;
    this.amount = amount;
    this.currency = currency;
  }
}

class Offer {
  constructor(carrier, lane, weeks) {
    this.carrier = carrier;
    this.lane = lane;
    this.weeks = weeks;
    this.surcharges = [];
    this.total = 0;
  }

  add(code, amount) {
    this.surcharges.push(new Surcharge(code, amount, 'EUR'));
    this.total += amount;
  }
}

class RateBook {
  #priced = new Map();

  constructor(tariff) {
    this.tariff = tariff;
    this.hits = 0;
    this.lookups = 0;
  }

  keyOf(enquiry) {
    return [enquiry.from, enquiry.to, enquiry.tonnes,
      enquiry.asOf.toISOString(), enquiry.ref].join('|'); //~ leak
      enquiry.asOf.toISOString().slice(0, 10)].join('|'); //~ fixed
  }

  price(enquiry) {
    this.lookups++;
    const key = this.keyOf(enquiry);
    const known = this.#priced.get(key);
    if (known) {
      this.hits++;
      return known;
    }
    const offers = CARRIERS.map((carrier, i) => {
      const offer = new Offer(carrier, `${enquiry.from}-${enquiry.to}`, 1 + (i % 4));
      const base = this.tariff.get(enquiry.from) + this.tariff.get(enquiry.to);
      offer.add('BASE', base * enquiry.tonnes * (1 + i / 20));
      for (const code of ['BAF', 'CAF', 'THC-O', 'THC-D', 'ISPS', 'PSS', 'DOC', 'LSS', 'EQP', 'WRS']) {
        offer.add(code, Math.round(base * 3.7 + code.charCodeAt(0) * i) / 10);
      }
      return offer;
    });
    offers.sort((a, b) => a.total - b.total);
    this.#priced.set(key, offers);
    return offers;
  }
}

const tariff = new Map(PORTS.map((p, i) => [p, 41.5 + i * 3.25]));
const book = new RateBook(tariff);

function parseEnquiry(url) {
  const n = Number.parseInt(url.slice(1), 10) || 0;
  return {
    ref: n,
    from: PORTS[n % PORTS.length],
    to: PORTS[(n * 3 + 1) % PORTS.length],
    tonnes: 5 + (n % 8) * 5,
    asOf: new Date(),
  };
}

const server = http.createServer((req, res) => {
  const enquiry = parseEnquiry(req.url);
  const [best] = book.price(enquiry);
  const body = JSON.stringify({
    carrier: best.carrier,
    total: Math.round(best.total * 100) / 100,
    lines: best.surcharges.length,
    hitRatio: book.hits / book.lookups,
  });
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
});

server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
process.stdin.on('end', () => process.exit(0)).resume();
