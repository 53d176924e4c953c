//: says = "Every request for a quote subscribes to the one shared upstream, and its handler stays subscribed after the answer."
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["upstream", "tick"]
//: per_s = 300
//: for_s = 20
//: limit_mib = 512
'use strict';
// Quote relay: one connection to the exchange, many readers of it.
const http = require('http');
const events = require('events');

class Upstream extends events.EventEmitter {
  #timer;
  constructor(symbols) {
    super();
    this.setMaxListeners(0);
    this.prices = new Map(symbols.map((symbol, i) => [symbol, 50 + i * 11]));
  }
  open() {
    let turn = 0;
    this.#timer = setInterval(() => {
      turn++;
      for (const symbol of this.prices.keys()) this.prices.set(symbol, this.prices.get(symbol) + Math.sin(turn));
      this.emit('tick', turn);
    }, 400);
    this.#timer.unref();
    return this;
  }
}

class Chart {
  constructor(symbol, price) {
    this.symbol = symbol;
    this.points = new Array(900);
    for (let i = 0; i < 900; i++) this.points[i] = price + Math.sin(i / 30) / (1 + i);
    this.length = 900;
  }
  add(price) {
    this.points[this.length++ % 900] = price;
  }
  range() {
    let low = Infinity, high = -Infinity;
    for (const p of this.points) { if (p < low) low = p; if (p > high) high = p; }
    return [low, high];
  }
}

class Names {
  constructor() { this.table = { ACM: 'Acme', BLU: 'Blue Line', CRN: 'Crown', DLT: 'Delta' }; }
  of(symbol) { return this.table[symbol] ?? symbol; }
}

const names = new Names();
const symbols = Object.keys(names.table);
const upstream = new Upstream(symbols).open();
let quotes = 0;

async function quote(symbol) {
  const chart = new Chart(symbol, upstream.prices.get(symbol));
  const follow = () => chart.add(upstream.prices.get(symbol));
  upstream.on('tick', follow);
  await new Promise(setImmediate);
  const [low, high] = chart.range();
  upstream.off('tick', follow); //~ fixed
  return { symbol, name: names.of(symbol), low: Math.round(low * 100) / 100, high: Math.round(high * 100) / 100 };
}

http.createServer({ keepAliveTimeout: 60000 }, async (req, res) => {
  const answer = JSON.stringify(await quote(symbols[++quotes % symbols.length]));
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
  res.end(answer);
}).listen(0, '127.0.0.1', function () {
  console.log(`ready pid=${process.pid} port=${this.address().port}`);
});
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
