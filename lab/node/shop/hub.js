'use strict';
const { EventEmitter } = require('node:events');

const hub = new EventEmitter();
hub.setMaxListeners(0);

// A listener is added with every request and never removed.
function subscribe(number) {
  const receipt = { number, lines: new Array(30).fill(number + 0.5) };
  hub.on('tick', function onTick() {
    return receipt.lines.length;
  });
}

module.exports = { subscribe };
