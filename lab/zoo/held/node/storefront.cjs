//: says = "A storefront mounts a preview route with its own translations at each request, and the application's stack of layers grows."
//: kind = "leak"
//: causes = ["closure", "listener"]
//: holder = ["Application", "stack"]
//: per_s = 320
//: for_s = 20
//: limit_mib = 512
'use strict';
// Storefront with a little framework: layers are tried one after the other.
const http = require('node:http');
const crypto = require('node:crypto');

class Application {
  constructor() {
    this.stack = [];
    this.answered = 0;
  }

  use(prefix, layer) {
    this.stack.push({ prefix, layer });
    return this;
  }

  once(prefix, layer) {
    const entry = { prefix, layer };
    this.stack.push(entry);
    return () => this.stack.splice(this.stack.indexOf(entry), 1);
  }

  handle(context) {
    for (const { prefix, layer } of this.stack) {
      if (context.path.startsWith(prefix) && layer(context) === true) break;
    }
    this.answered++;
    return context;
  }
}

class Translations {
  constructor() {
    this.words = Array.from({ length: 48 }, (_, i) => `label.${i}`);
  }

  for(customer) {
    const table = {};
    for (const word of this.words) table[word] = `${customer.name} ${word} ${customer.language}`;
    return table;
  }
}

const languages = ['da', 'de', 'en', 'fr', 'nl'];
const translations = new Translations();
const prices = new Map(Array.from({ length: 50 }, (_, i) => [`article-${i}`, 100 + i * 7]));
const shop = new Application();

shop.use('/', (context) => { context.began = process.hrtime.bigint(); });
shop.use('/', (context) => { context.price = prices.get(`article-${context.number % 50}`); });

let number = 0;

function respond(request, response) {
  number += 1;
  const customer = { name: crypto.randomBytes(9).toString('hex'), language: languages[number % 5] };
  const labels = translations.for(customer);
  const prefix = `/preview/${customer.name}`;
  const preview = (context) => {
    context.body = `${labels['label.7']}: ${context.price}`;
    return true;
  };
  shop.use(prefix, preview); //~ leak
  const unmount = shop.once(prefix, preview); //~ fixed
  const context = shop.handle({ number, path: `${prefix}/article-${number % 50}` });
  unmount(); //~ fixed
  response.setHeader('Content-Type', 'text/plain');
  response.end(`${context.body} (${shop.answered})\n`);
}

const server = http.createServer({ keepAliveTimeout: 30000 }, respond).listen({ host: '127.0.0.1', port: 0 }, () => {
  process.stdout.write(`ready pid=${process.pid} port=${server.address().port}\n`);
});
process.stdin.on('data', () => {}).on('close', () => process.exit());
