'use strict';
// LEAK: every upload is kept, in Buffers: memory outside the JavaScript heap, held by an array inside of it.
const { live } = require('./life.cjs');

const uploads = [];

function receive(number) {
  uploads.push(Buffer.alloc(65536, number % 256));
  return uploads.length;
}

live(receive, 65536);
