// Every request listens for a price change, and nobody stops listening.
import { EventEmitter } from 'node:events';
import { live } from './life.cjs';

const prices = new EventEmitter();
prices.setMaxListeners(0);

function follow(number) {
  const receipt = { number, lines: new Array(120).fill(number + 0.5) };
  prices.on('change', function onChange() {
    return receipt.lines.length;
  });
}

live(follow, 1300);
