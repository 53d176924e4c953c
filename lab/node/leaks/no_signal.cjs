'use strict';
// It leaks, and its SIGUSR1 handler was taken away again: from then on the signal ends it.
const { live } = require('./life.cjs');

const rotate = () => {};
process.on('SIGUSR1', rotate);
process.off('SIGUSR1', rotate);

const seen = new Set();
live((number) => seen.add({ number, lines: new Array(120).fill(number + 0.5) }), 1100);
