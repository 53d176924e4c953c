//: says = "Each look-up races against one promise for the shutdown that never settles during service, and the reactions on that promise keep every answer."
//: kind = "leak"
//: causes = ["closure", "global"]
//: holder = ["closing"]
//: per_s = 380
//: for_s = 20
//: limit_mib = 512
'use strict';
// Stock gate: looks up how many pieces are in the stores, unless the service is closing.
const http = require('http');
const { setTimeout: pause } = require('timers/promises');

let close;
const closing = new Promise((resolve) => { close = resolve; }).then(() => ({ stores: [], closing: true }));

class Stores {
  constructor(count) {
    this.names = Array.from({ length: count }, (_, i) => `store ${String.fromCharCode(65 + (i % 26))}${i}`);
    this.asked = 0;
  }
  async pieces(article) {
    this.asked++;
    await pause(2);
    return this.names.map((name, i) => ({ name, article, pieces: (article * 31 + i * 7) % 90, shelf: `${article}-${i}/${name}` }));
  }
}

class Recent {
  #rows = [];
  note(article) {
    this.#rows.push(article);
    if (this.#rows.length > 50) this.#rows.shift();
  }
  get last() { return this.#rows.at(-1); }
}

const stores = new Stores(48);
const recent = new Recent();
const open = new Set();

async function look(article) {
  const found = stores.pieces(article).then((rows) => ({ stores: rows, closing: false }));
  const answer = await Promise.race([closing, found]); //~ leak
  open.add(found); //~ fixed
  const answer = await found.finally(() => open.delete(found)); //~ fixed
  recent.note(article);
  return answer;
}

let article = 1000;
const server = http.createServer({ keepAliveTimeout: 60000 }, (request, response) => {
  look(++article).then((answer) => {
    const sum = answer.stores.reduce((total, row) => total + row.pieces, 0);
    const body = `article ${recent.last}: ${sum} pieces in ${answer.stores.length} stores\n`;
    response.writeHead(answer.closing ? 503 : 200, { 'Content-Length': body.length }).end(body);
  });
});
server.listen(0, '127.0.0.1');
server.on('listening', () => console.log(`ready pid=${process.pid} port=${server.address().port}`));

process.stdin.resume();
process.stdin.on('end', async () => {
  close();
  await Promise.allSettled([closing, ...open]);
  process.exit(0);
});
