'use strict';
// A Map that is asked for a new key every time, and never forgets one.
const { live } = require('./life.cjs');

class Quotes {
  constructor() {
    this.byBasket = new Map();
  }

  quote(number) {
    const lines = new Array(120).fill(number + 0.5);
    this.byBasket.set(`basket-${number}`, { number, lines });
    return lines.length;
  }
}

const quotes = new Quotes();
live((number) => quotes.quote(number), 1200);
