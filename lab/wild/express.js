'use strict';
// A server on express with express-session's own MemoryStore, which never forgets a session. Arguments: where the
// packages are, and a port. Started with --heapsnapshot-signal.
const { createRequire } = require('node:module');
const path = require('node:path');

const packages = createRequire(path.join(process.argv[2], 'index.js'));
const express = packages('express');
const session = packages('express-session');

const app = express();
app.use(session({ secret: 'lab', resave: false, saveUninitialized: true }));
app.get('/item/:id', (request, response) => {
  request.session.cart = { id: request.params.id, lines: new Array(20).fill(0.5) };
  response.json({ served: request.params.id });
});
app.listen(Number(process.argv[3]), '127.0.0.1');
