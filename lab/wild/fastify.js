'use strict';
// A server on fastify with @fastify/session's store in memory. Arguments: where the packages are, and a port.
const { createRequire } = require('node:module');
const path = require('node:path');

const packages = createRequire(path.join(process.argv[2], 'index.js'));
const app = packages('fastify')();
app.register(packages('@fastify/cookie'));
app.register(packages('@fastify/session'), { secret: 'l'.repeat(40), cookie: { secure: false } });
app.get('/item/:id', async (request) => {
  request.session.set('cart', { id: request.params.id, lines: new Array(20).fill(0.5) });
  return { served: request.params.id };
});
app.listen({ port: Number(process.argv[3]), host: '127.0.0.1' });
