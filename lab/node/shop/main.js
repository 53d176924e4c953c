'use strict';
// A shop that leaks in four places. Each line on standard input is "serve N" or "dump FILE"; it answers "served N" or
// "dumped FILE". Nothing runs between two lines.
const readline = require('node:readline');
const v8 = require('node:v8');
const { sessions } = require('./sessions');
const { subscribe } = require('./hub');
const { remind } = require('./reminders');
const metrics = require('./metrics');

let served = 0;

function serve(number) {
  sessions.put(`session-${number}`, number);
  subscribe(number);
  if (number % 4 === 0) remind(number);
  metrics.seen(`GET /item/${number}`);
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, word] = line.split(' ');
  if (verb === 'serve') {
    for (let i = 0; i < Number(word); i++) serve(served++);
    console.log(`served ${served}`);
  } else {
    v8.writeHeapSnapshot(word);
    console.log(`dumped ${word}`);
  }
}).on('close', () => process.exit(0));
console.log('ready');
