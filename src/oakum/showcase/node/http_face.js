'use strict';
// The HTTP part of the price service in Node.js: GET /price?sku=…&basket=…&quantity=…
const http = require('node:http');
const fs = require('node:fs');

// Prints "ready port=N pid=N" and serves until killed, or until the pipe on standard input closes.
exports.serve = function serve(price) {
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    const [sku, basket] = [url.searchParams.get('sku'), url.searchParams.get('basket')];
    if (url.pathname !== '/price' || !sku || !basket) {
      response.writeHead(404).end('{"error": "GET /price?sku=...&basket=...&quantity=..."}');
      return;
    }
    const body = JSON.stringify({ unit_price_cents: price(sku, basket, response) });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
  });
  server.listen(0, '127.0.0.1', () => {
    console.log(`ready port=${server.address().port} pid=${process.pid}`);
  });
  if (fs.fstatSync(0).isFIFO()) process.stdin.on('end', () => process.exit(0)).resume();
};
