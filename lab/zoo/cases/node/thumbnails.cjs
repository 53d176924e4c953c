//: says = "Uploads are queued for a resizer that is slower than they come; the answer goes out before the work is done."
//: kind = "leak"
//: causes = ["queue-backlog"]
//: holder = ["Resizer", "pending"]
//: per_s = 300
//: for_s = 20
//: warm = 600
//: limit_mib = 1024
'use strict';
const { serve } = require('./serving.cjs');

const WIDTHS = [64, 128, 320];
const MOST_PENDING = 200; //~ fixed

class Resizer {
  constructor(lanes, perImageMs) {
    this.pending = [];
    this.perImageMs = perImageMs;
    this.done = 0;
    for (let lane = 0; lane < lanes; lane += 1) this.work();
  }

  async work() {
    for (;;) {
      const job = this.pending.shift();
      await new Promise((resume) => setTimeout(resume, this.perImageMs));
      if (job === undefined) continue;
      this.done += 1;
      job.resolve(job.pixels.length * job.widths.length);
    }
  }

  submit(name, pixels) {
    if (this.pending.length >= MOST_PENDING) return Promise.reject(new Error('busy, try again')); //~ fixed
    return new Promise((resolve, reject) => {
      this.pending.push({ name, pixels, widths: WIDTHS, resolve, reject });
    });
  }
}

const resizer = new Resizer(4, 100);
const names = new Set();
const totals = { accepted: 0, refused: 0, pixels: 0 };

function sample(number) {
  return Array.from({ length: 700 }, (_, at) => ((number * 31 + at * 17) % 255) + 0.5);
}

serve((number) => {
  const name = `upload-${number % 250}.jpg`;
  names.add(name);
  totals.accepted += 1;
  resizer
    .submit(name, sample(number))
    .then((pixels) => {
      totals.pixels += pixels;
    })
    .catch(() => {
      totals.refused += 1;
    });
  return `${name} accepted: ${names.size} names, ${resizer.done} done, ${totals.refused} refused`;
});
