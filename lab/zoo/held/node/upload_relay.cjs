//: says = "Uploads borrow blocks from an arena and give them back when the store confirms five seconds later, so the arena grows to that depth and stays."
//: kind = "healthy"
//: causes = []
//: holder = []
//: per_s = 360
//: for_s = 20
//: limit_mib = 512
'use strict';
// Upload relay: a piece waits in a block until the store has confirmed it.
const http = require('http');
const { randomFillSync } = require('crypto');

class Arena {
  constructor(blockSize, blocksPerSlab) {
    Object.assign(this, { blockSize, blocksPerSlab, slabs: [], free: [] });
  }
  take() {
    if (this.free.length === 0) {
      const slab = Buffer.allocUnsafeSlow(this.blockSize * this.blocksPerSlab);
      this.slabs.push(slab);
      for (let i = 0; i < this.blocksPerSlab; i++) {
        this.free.push(slab.subarray(i * this.blockSize, (i + 1) * this.blockSize));
      }
    }
    return this.free.pop();
  }
  giveBack(block) {
    this.free.push(block);
  }
}

class Store {
  constructor(delay) {
    this.delay = delay;
    this.confirmed = 0;
    this.waiting = new Map();
  }
  put(number, block, done) {
    const timer = setTimeout(() => {
      this.waiting.delete(number);
      this.confirmed++;
      done();
    }, this.delay);
    this.waiting.set(number, { block, timer });
  }
}

const arena = new Arena(8192, 32);
const store = new Store(5000);
let pieces = 0;

http.createServer({ keepAliveTimeout: 60000 }, (req, res) => {
  const number = ++pieces;
  const block = arena.take();
  randomFillSync(block, 0, 512).fill(number & 255, 512);
  store.put(number, block, () => arena.giveBack(block));
  res.end(`${number}: ${store.waiting.size} waiting, ${store.confirmed} confirmed, ${arena.slabs.length} slabs\n`);
}).listen(0, '127.0.0.1', function listening() {
  process.stdout.write(`ready pid=${process.pid} port=${this.address().port}\n`);
});

process.stdin.on('data', () => undefined);
process.stdin.on('end', () => process.exit(0));
