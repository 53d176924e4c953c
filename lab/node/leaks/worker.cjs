'use strict';
// LEAK: two worker threads answer what the main thread is asked; the second keeps every quote.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

if (isMainThread) {
  const { live } = require('./life.cjs');
  const workers = ['mail', 'quotes'].map((name) => new Worker(__filename, { name, workerData: name }));
  live((number) => workers.forEach((worker) => worker.postMessage(number)), 1200);
} else {
  const kept = new Map();
  parentPort.on('message', function quote(number) {
    const lines = new Array(120).fill(number + 0.5);
    if (workerData === 'quotes') kept.set(`basket-${number}`, { number, lines });
  });
}
