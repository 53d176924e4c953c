'use strict';
// Everything here keeps what it is given, each in another way; "work N" does N pieces of work, "touched" says how often
// code that only a careless reader would run was run.
const { EventEmitter } = require('node:events');
const readline = require('node:readline');

let touched = 0;
const touch = () => { touched += 1; };

class Baskets {
  #lines = [];
  static seen = new Set();
  constructor() { this.byCustomer = new Map(); }
  get dearest() { touch(); return [...this.byCustomer.values()]; }
  get [Symbol.toStringTag]() { touch(); return 'Baskets'; }
  add(number) {
    this.byCustomer.set(`customer-${number}`, { number, text: `order ${number} of many that are kept`.repeat(3) });
    this.#lines.push({ number });
    Baskets.seen.add(number);
  }
}

class Letter {
  constructor(number) { this.text = `letter ${number}`.repeat(5); this.next = null; }
}

class Outbox {
  constructor() { this.first = null; this.last = null; }
  push(letter) {
    if (this.last) this.last.next = letter;
    else this.first = letter;
    this.last = letter;
  }
}

class Prices extends EventEmitter {}

const makeHistory = () => {
  const past = [];
  return (number) => past.push({ number, at: [number, number + 1] });
};

const handler = {};
for (const trap of Object.getOwnPropertyNames(Reflect)) handler[trap] = (...rest) => { touch(); return Reflect[trap](...rest); };

const baskets = new Baskets();
const prices = new Prices().setMaxListeners(0);
const keep = makeHistory();
const outbox = new Outbox();
const byId = {};
const guarded = new Proxy({ inside: new Map() }, handler);
const last = new Array(64).fill(null);
Object.defineProperty(globalThis, 'trapped', { enumerable: true, configurable: true, get() { touch(); return 1; } });

let done = 0;
function work(many) {
  for (let turn = 0; turn < many; turn++) {
    const number = done++;
    baskets.add(number);
    const chart = new Array(50).fill(number + 0.5);
    prices.on('tick', () => chart.push(number));
    keep(number);
    outbox.push(new Letter(number));
    byId[`id-${number}`] = { number };
    last[number % 64] = { number, guarded };
  }
  touched = 0;
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [word, many] = line.split(' ');
  if (word === 'work') work(Number(many));
  console.log(word === 'work' ? `worked=${done}` : `touched=${touched}`);
}).on('close', () => process.exit(0));
console.log(`ready pid=${process.pid}`);
