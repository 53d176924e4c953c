'use strict';
// It leaks, and SIGUSR1 is the application's own: it tells how often it came.
const { live } = require('./life.cjs');

let told = 0;
process.on('SIGUSR1', () => {
  told += 1;
  process.stderr.write(`rotated ${told}\n`);
});

const seen = new Set();
live((number) => seen.add({ number, lines: new Array(120).fill(number + 0.5) }), 1100);
