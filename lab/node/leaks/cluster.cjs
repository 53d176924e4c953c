'use strict';
// LEAK: a cluster: the primary and two workers are fine, the other worker keeps every quote.
const cluster = require('node:cluster');

if (cluster.isPrimary) {
  const workers = [0, 1, 2].map((number) => cluster.fork({ NUMBER: number }));
  let awake = 0;
  cluster.on('message', () => {
    awake += 1;
    if (awake === workers.length) console.log(`ready pid=${process.pid} leaking=${workers[1].process.pid}`);
  });
  process.stdin.on('end', () => process.exit(0)).resume();
} else {
  const quotes = [];
  const keeps = process.env.NUMBER === '1';
  setInterval(() => {
    const lines = new Array(5000).fill(0.5);
    if (keeps) quotes.push(lines);
  }, 10);
  process.on('disconnect', () => process.exit(0));
  process.send('awake');
}
