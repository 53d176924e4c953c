'use strict';
// What every program here shares: work at a steady pace, and lines on standard input that are answered.
// "serve" tells how often it has worked; "reset" forgets the longest pause; "pause" tells it, with the highest memory.
const readline = require('node:readline');

const EVERY_MS = 10;

// What a request passes before its handler, as in most services; a call with so many targets is not taken into its caller.
const before = [(n) => n + 1, (n) => n + 2, (n) => n * 2, (n) => n - 1, (n) => n / 2, (n) => -n];

// Calls work(number) so that `rate` MB per second pass, where one call takes `bytes`.
exports.live = function live(work, bytes, fallback = 2) {
  const rate = Number(process.argv[2] || fallback);
  let served = 0;
  let longest = 0;
  let last = performance.now();
  let due = 0;
  const layers = [...before, work];
  setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - EVERY_MS);
    // A pause is not made good by a burst afterwards.
    due += (rate * 1e6 * Math.min(now - last, 100)) / 1000 / bytes;
    last = now;
    for (; due >= 1; due--, served++) for (const layer of layers) layer(served);
  }, EVERY_MS);
  readline
    .createInterface({ input: process.stdin })
    .on('line', (line) => {
      if (line === 'reset') longest = 0;
      if (line === 'pause') {
        const peak = process.resourceUsage().maxRSS * 1024;
        console.log(`pause_s=${(longest / 1000).toFixed(3)} rss=${process.memoryUsage.rss()} peak=${peak}`);
      } else console.log(`served=${served}`);
    })
    .on('close', () => process.exit(0));
  console.log(`ready pid=${process.pid}`);
};
