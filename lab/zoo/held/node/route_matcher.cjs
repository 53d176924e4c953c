//: says = "A rewriter compiles a pattern from the whole address, query and all, and keeps each one in a Map by that address."
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["Rewriter", "compiled"]
//: per_s = 300
//: for_s = 20
//: limit_mib = 512
'use strict';
// Rewrites old shop addresses to new ones by rules made of regular expressions.
const { createServer } = require('net');

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

class Counters {
  constructor() { this.rewritten = 0; this.passed = 0; }
  count(changed) { changed ? this.rewritten++ : this.passed++; }
  toString() { return `${this.rewritten} rewritten, ${this.passed} passed`; }
}

class Departments {
  constructor() {
    this.list = ['garden', 'kitchen', 'toys', 'books', 'music', 'sport', 'travel', 'office']
      .flatMap((name) => Array.from({ length: 5 }, (_, i) => `${name}-${i}`));
  }
  alternatives() { return this.list.map(escape).join('|'); }
}

class Rewriter {
  constructor(departments) {
    this.departments = departments;
    this.compiled = new Map();
  }
  pattern(address) {
    const key = address; //~ leak
    const key = address.slice(0, address.indexOf('?')); //~ fixed
    let rule = this.compiled.get(key);
    if (rule === undefined) {
      const names = this.departments.alternatives();
      rule = new RegExp(`^${escape(key)}(?:[?&](?:from|to|page)=(?:${names}))*|(${names})/(\\d+)(?:\\?(?:${names}))?`, 'u');
      this.compiled.set(key, rule);
    }
    return rule;
  }
  rewrite(address) {
    const match = this.pattern(address).exec(address);
    return match ? `/new${match[0]}` : address;
  }
}

const rewriter = new Rewriter(new Departments());
const counters = new Counters();
let visitor = 0;

function answer() {
  visitor++;
  const address = `/shop/garden-${visitor % 5}/${visitor % 9}?from=toys-${visitor % 5}&visitor=${visitor.toString(36)}`;
  const target = rewriter.rewrite(address);
  counters.count(target !== address);
  return `${target} (${counters})\n`;
}

const server = createServer((connection) => {
  connection.setNoDelay(true);
  let held = Buffer.alloc(0);
  connection.on('data', (data) => {
    held = held.length ? Buffer.concat([held, data]) : data;
    let end = held.indexOf('\r\n\r\n');
    while (end !== -1) {
      held = held.subarray(end + 4);
      const body = answer();
      connection.write(['HTTP/1.1 200 OK', `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'));
      end = held.indexOf('\r\n\r\n');
    }
  }).on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  process.stdout.write(`ready pid=${process.pid} port=${port}\n`);
});
process.stdin.on('readable', () => { while (process.stdin.read() !== null); });
process.stdin.on('end', () => process.exit(0));
