//: says = "each request races its work against one process-long 'stopped' promise; every race adds a reaction to that pending promise, which keeps the race's resolved value"
//: kind = "leak"
//: causes = ["closure", "listener"]
//: holder = ["stopped"]
//: per_s = 300
//: limit_mib = 512
import http from 'node:http';
import { setImmediate as breathe } from 'node:timers/promises';

class Lifecycle {
  #stop;
  constructor() {
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
    this.state = 'up';
    this.waiters = new Set();
  }

  shutdown(reason) {
    this.state = 'down';
    this.#stop({ aborted: reason });
    for (const w of this.waiters) w({ aborted: reason });
  }

  guard(work) {
    return Promise.race([work, this.stopped]); //~ leak
    let mine; //~ fixed
    const gate = new Promise((resolve) => { //~ fixed
      mine = resolve; //~ fixed
      this.waiters.add(mine); //~ fixed
    }); //~ fixed
    return Promise.race([work, gate]).finally(() => this.waiters.delete(mine)); //~ fixed
  }
}

class Recipes {
  constructor() {
    this.units = ['g', 'ml', 'tsp', 'tbsp', 'cup'];
    this.popular = new Map();
  }

  async compose(n) {
    const steps = [];
    for (let i = 0; i < 18; i++) {
      if (i === 12) await breathe();
      steps.push({
        order: i,
        text: `stir part ${n}.${i}`,
        amounts: this.units.map((u, k) => ({ unit: u, value: (n + i * k) % 50 + 0.5 })),
      });
    }
    this.count(n % 70);
    return { id: n, title: `recipe ${n}`, steps };
  }

  count(kind) {
    this.popular.set(kind, (this.popular.get(kind) ?? 0) + 1);
  }
}

const life = new Lifecycle();
const recipes = new Recipes();
const timings = new Float64Array(512);
let served = 0;

const server = http.createServer((req, res) => {
  const began = process.hrtime.bigint();
  life.guard(recipes.compose(Number(req.url.substring(1)) || 0)).then(
    (r) => {
      const body = r.aborted ? 'going down' : `${r.title}: ${r.steps.length} steps`;
      res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length });
      res.end(body);
      timings[served++ % timings.length] = Number(process.hrtime.bigint() - began) / 1e6;
    },
    (e) => {
      res.writeHead(500, { 'Content-Length': 0 });
      res.end();
      console.error(e);
    },
  );
});

process.on('SIGTERM', () => life.shutdown('SIGTERM'));
server.listen({ port: 0, host: '127.0.0.1' }, () => {
  console.log('ready pid=%d port=%d', process.pid, server.address().port);
});
process.stdin.resume().on('end', () => process.exit(0));
