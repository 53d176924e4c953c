//: says = "A feed importer interns the names of at most 64000 articles in a Map; it grows quickly at first and stops when each name was seen."
//: kind = "healthy"
//: causes = []
//: holder = []
//: per_s = 300
//: for_s = 20
//: limit_mib = 512
'use strict';
// Imports price lists; equal article names share one string.
const http = require('node:http');

const ARTICLES = 64000;

class Names {
  constructor() {
    this.interned = new Map();
    this.shared = 0;
  }
  intern(text) {
    const known = this.interned.get(text);
    if (known !== undefined) {
      this.shared++;
      return known.text;
    }
    const entry = { text, words: text.split(' '), first: Date.now() };
    this.interned.set(text, entry);
    return entry.text;
  }
  get size() { return this.interned.size; }
}

class PriceList {
  static #serial = 0;
  constructor(count) {
    this.serial = ++PriceList.#serial;
    this.lines = Array.from({ length: count }, (_, i) => this.line(i));
  }
  line(i) {
    const article = (Math.imul(this.serial * 64 + i, 2654435761) >>> 0) % ARTICLES;
    return `Article ${article} from supplier ${article % 53} in group ${article % 19};${(this.serial * 13 + i) % 9000}`;
  }
}

class Importer {
  constructor(names) {
    this.names = names;
    this.cheapest = { name: '', cents: Infinity };
  }
  run(list) {
    let sum = 0;
    for (const line of list.lines) {
      const [text, cents] = line.split(';');
      const name = this.names.intern(text);
      sum += +cents;
      if (+cents < this.cheapest.cents) this.cheapest = { name, cents: +cents };
    }
    return sum / list.lines.length;
  }
}

const names = new Names();
const importer = new Importer(names);

const server = http.createServer({ keepAliveTimeout: 60000 }, (_, response) => {
  const list = new PriceList(32);
  const mean = importer.run(list);
  const text = JSON.stringify({ list: list.serial, mean, names: names.size, shared: names.shared });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': text.length });
  response.end(text);
}).listen(0, '127.0.0.1');

server.once('listening', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
  process.stdin.on('end', () => process.exit(0)).resume();
});
