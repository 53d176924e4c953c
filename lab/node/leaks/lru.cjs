'use strict';
// Healthy: the least recently used entry goes when there are too many.
const { live } = require('./life.cjs');

const MOST = 2000;

class Recent {
  constructor() {
    this.entries = new Map();
  }

  put(key, value) {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > MOST) this.entries.delete(this.entries.keys().next().value);
  }
}

const recent = new Recent();
live((number) => recent.put(`basket-${number}`, new Array(120).fill(number + 0.5)), 1200, 8);
