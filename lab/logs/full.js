'use strict';
// Runs out of V8's old space, adds too many listeners to one emitter, or does its work.
const { EventEmitter } = require('events');

const kept = [];

function fill() {
  for (;;) kept.push({ text: 'x'.repeat(100) + kept.length, more: [kept.length] });
}

function listen() {
  const bus = new EventEmitter();
  for (let i = 0; i < 20; i++) bus.on('price', () => i);
}

({ fill, listen, work: () => console.log('done') })[process.argv[2]]();
