'use strict';
// Holds so many small objects, and tells the longest gap of a 2 ms timer since it was asked last, in seconds.
const kept = Array.from({ length: Number(process.argv[2]) }, (_, number) => ({ number, name: `basket ${number}` }));
let longest = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last - 2);
  last = now;
}, 2);
require('node:readline')
  .createInterface({ input: process.stdin })
  .on('line', () => {
    console.log(Math.max(longest, performance.now() - last) / 1000);
    longest = 0;
  });
console.log(`ready ${kept.length}`);
