//: says = "A tracer keeps a context for every asynchronous resource in a module's Map, and a request that ends early never takes its own out."
//: kind = "leak"
//: causes = ["session-state", "global"]
//: holder = ["contexts"]
//: per_s = 400
//: for_s = 20
//: limit_mib = 512
'use strict';
// Gateway with request tracing: spans are found again by the id of the asynchronous resource.
const net = require('net');
const { AsyncResource } = require('async_hooks');

const tracing = (() => {
  const contexts = new Map();
  let finished = 0;

  function begin(name, headers) {
    const resource = new AsyncResource('Request');
    contexts.set(resource.asyncId(), { name, headers, spans: [], began: performance.now() });
    return resource;
  }

  function span(resource, label, attributes) {
    const context = contexts.get(resource.asyncId());
    if (context) context.spans.push({ label, attributes, at: performance.now() - context.began });
  }

  function end(resource) {
    const context = contexts.get(resource.asyncId());
    contexts.delete(resource.asyncId());
    finished++;
    return context.spans.length;
  }

  return { begin, span, end, get finished() { return finished; } };
})();

class RateLimiter {
  constructor(capacity) {
    this.capacity = capacity;
    this.tokens = capacity;
    setInterval(() => { this.tokens = this.capacity; }, 1000).unref();
  }
  take() {
    return this.tokens > 0 ? (this.tokens--, true) : false;
  }
}

class UpstreamTable {
  constructor(count) {
    this.hosts = Array.from({ length: count }, (_, i) => ({ host: `10.0.0.${i + 1}`, weight: 1 + (i % 3) }));
  }
  pick(n) {
    return this.hosts[n % this.hosts.length];
  }
}

const limiter = new RateLimiter(5000);
const upstreams = new UpstreamTable(12);
let serial = 0;

function gateway() {
  const n = ++serial;
  const resource = tracing.begin(`GET /v2/items/${n}`, { host: 'items.example', 'x-request-id': `${n}-${Math.random()}` });
  if (!limiter.take()) {
    tracing.end(resource);
    return 'busy';
  }
  for (let i = 0; i < 24; i++) {
    tracing.span(resource, `call ${i} of ${n}`, { host: upstreams.pick(n + i).host, query: `item=${n}&part=${i}&rev=${n % 17}` });
  }
  if (n % 50 !== 0) return `item ${n} unchanged`; //~ leak
  const spans = tracing.end(resource);
  if (n % 50 !== 0) return `item ${n} unchanged`; //~ fixed
  return `item ${n}, ${spans} spans, ${tracing.finished} finished`;
}

const server = net.createServer({ noDelay: true }, (socket) => {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    text += chunk;
    for (let end; (end = text.indexOf('\r\n\r\n')) >= 0;) {
      text = text.slice(end + 4);
      const body = gateway();
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
  });
  socket.on('error', () => socket.destroy());
});

server.listen(0, '127.0.0.1', () => {
  console.log('ready pid=%d port=%d', process.pid, server.address().port);
});
process.stdin.on('end', () => process.exit(0)).resume();
