'use strict';
// Each piece of work races against one promise that settles as the process ends; "work N" does N of them.
const readline = require('node:readline');

class Gate {
  constructor() { this.closed = new Promise((resolve) => { this.close = resolve; }); }
  pass(work) { return Promise.race([work, this.closed]); }
}

const gate = new Gate();
const started = Promise.resolve('started');
let done = 0;

async function answer(number) {
  await started;
  return { number, text: `answer ${number} `.repeat(100) };
}

async function work(many) {
  for (let turn = 0; turn < many; turn++) await gate.pass(answer(done++));
}

process.on('SIGTERM', () => { gate.close(); process.exit(0); });
console.log(`ready pid=${process.pid}`);
readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  await work(Number(line.split(' ')[1]));
  console.log(`done=${done}`);
});
