//: says = "latency summary labelled with the raw path instead of the route template, so the metric makes a child time series with a sample reservoir per path"
//: kind = "leak"
//: causes = ["unbounded-cache", "static-collection"]
//: holder = ["Summary", "_children"]
//: per_s = 300
//: limit_mib = 512
'use strict';
const http = require('http');

class Metric {
  constructor(name, help, labelNames) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
  }

  keyOf(labels) {
    return this.labelNames.map((l) => `${l}="${labels[l]}"`).join(',');
  }
}

class Counter extends Metric {
  constructor(...args) {
    super(...args);
    this._values = new Map();
  }

  inc(labels, by = 1) {
    const key = this.keyOf(labels);
    this._values.set(key, (this._values.get(key) || 0) + by);
  }

  *lines() {
    for (const [key, value] of this._values) yield `${this.name}{${key}} ${value}`;
  }
}

class Series {
  constructor(size) {
    this.reservoir = new Array(size).fill(0.5);
    this.count = 0;
    this.sum = 0;
  }

  add(value) {
    this.reservoir[this.count++ % this.reservoir.length] = value;
    this.sum += value;
  }

  quantile(q) {
    const sorted = this.reservoir.slice(0, Math.min(this.count, this.reservoir.length)).sort((a, b) => a - b);
    return sorted[Math.floor(q * (sorted.length - 1))] || 0;
  }
}

class Summary extends Metric {
  constructor(name, help, labelNames, size) {
    super(name, help, labelNames);
    this._size = size;
    this._children = new Map();
  }

  labels(labels) {
    const key = this.keyOf(labels);
    let child = this._children.get(key);
    if (!child) this._children.set(key, (child = new Series(this._size)));
    return child;
  }

  *lines() {
    for (const [key, series] of this._children) {
      for (const q of [0.5, 0.9, 0.99]) yield `${this.name}{${key},quantile="${q}"} ${series.quantile(q)}`;
      yield `${this.name}_count{${key}} ${series.count}`;
    }
  }
}

class Registry {
  constructor() {
    this.metrics = new Map();
  }

  register(metric) {
    this.metrics.set(metric.name, metric);
    return metric;
  }

  expose() {
    return [...this.metrics.values()].flatMap((m) => [`# HELP ${m.name} ${m.help}`, ...m.lines()]).join('\n') + '\n';
  }
}

const registry = new Registry();
const requests = registry.register(new Counter('http_requests_total', 'Requests served', ['status']));
const latency = registry.register(new Summary('http_latency_ms', 'Time to answer', ['method', 'route'], 900));

const invoices = {
  route: '/:invoice',
  answer(id) {
    const lines = Array.from({ length: 20 }, (_, i) => ({ line: i, net: ((id * 7 + i) % 500) / 4 }));
    return { id, lines: lines.length, net: lines.reduce((s, l) => s + l.net, 0) };
  },
};

const server = http.createServer((req, res) => {
  const began = process.hrtime.bigint();
  const path = req.url.split('?', 1)[0];
  const isScrape = path === '/metrics';
  const body = isScrape ? registry.expose() : JSON.stringify(invoices.answer(parseInt(path.slice(1), 10) || 0));
  res.writeHead(200, { 'content-length': Buffer.byteLength(body) });
  res.end(body, () => {
    const ms = Number(process.hrtime.bigint() - began) / 1e6;
    const route = isScrape ? '/metrics' : path;           //~ leak
    const route = isScrape ? '/metrics' : invoices.route; //~ fixed
    requests.inc({ status: res.statusCode });
    latency.labels({ method: req.method, route }).add(ms);
  });
});

server.listen(0, '127.0.0.1', function () {
  console.log(`ready pid=${process.pid} port=${this.address().port}`);
});
process.stdin.on('end', () => process.exit(0)).on('data', () => {});
