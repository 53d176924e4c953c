//: says = "Every quote follows the price feed while it is priced and never stops following it."
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["feed", "tick"]
//: per_s = 300
//: for_s = 20
//: warm = 600
//: limit_mib = 1024
'use strict';
const { EventEmitter } = require('node:events');
const { serve } = require('./serving.cjs');

const SYMBOLS = ['WHEAT', 'RYE', 'OATS', 'BARLEY', 'HOPS', 'FLAX'];
const RECENT = 50;
const TERMS = Array.from({ length: 20 }, (_, at) => `clause ${at}: weighed dry, paid within ${10 + at} days;`);

class PriceFeed extends EventEmitter {
  constructor() {
    super();
    this.setMaxListeners(0);
    this.last = new Map(SYMBOLS.map((symbol, at) => [symbol, 100 + at]));
  }

  publish(symbol, price) {
    this.last.set(symbol, price);
    this.emit('tick', symbol, price);
  }
}

class Quote {
  constructor(feed, customer) {
    this.feed = feed;
    this.customer = customer;
    this.revisions = 0;
    this.lines = SYMBOLS.map((symbol, at) => ({
      symbol,
      tonnes: 1 + ((customer * 7 + at) % 40),
      price: feed.last.get(symbol),
      terms: [`Customer ${customer}:`, ...TERMS, `delivered at quay ${(customer + at) % 30}`].join(' '),
    }));
    this.onTick = (symbol, price) => this.reprice(symbol, price);
    feed.on('tick', this.onTick);
  }

  reprice(symbol, price) {
    const line = this.lines.find((known) => known.symbol === symbol);
    if (line) line.price = price;
    this.revisions += 1;
  }

  total() {
    return this.lines.reduce((sum, line) => sum + line.tonnes * line.price, 0);
  }

  close() {
    this.feed.off('tick', this.onTick); //~ fixed
    this.closedAt = Date.now();
  }
}

const feed = new PriceFeed();
const recent = [];

setInterval(() => {
  const symbol = SYMBOLS[Math.floor(Math.random() * SYMBOLS.length)];
  feed.publish(symbol, 95 + Math.random() * 10);
}, 500).unref();

serve((number) => {
  const quote = new Quote(feed, number);
  const total = quote.total();
  recent.push({ number, total });
  if (recent.length > RECENT) recent.shift();
  quote.close();
  return `quote ${number}: ${total.toFixed(2)}`;
});
