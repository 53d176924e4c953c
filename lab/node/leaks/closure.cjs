'use strict';
// A handler that remembers in a variable of the function that made it.
const { live } = require('./life.cjs');

function makeHandler() {
  const history = [];
  return function handle(number) {
    history.push({ number, lines: new Array(120).fill(number + 0.75) });
    return history.length;
  };
}

live(makeHandler(), 1100);
