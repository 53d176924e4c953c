'use strict';
// HTTP/1.1 with keep-alive on a port of the kernel's choosing, until standard input closes.
const http = require('node:http');

function serve(handle) {
  let number = 0;

  async function answer(request, response) {
    number += 1;
    try {
      const text = await handle(number, request.url);
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(text);
    } catch (error) {
      response.writeHead(500);
      response.end(String(error));
    }
  }

  const server = http.createServer(answer);
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => {
    console.log(`ready pid=${process.pid} port=${server.address().port}`);
  });
  process.stdin.on('end', () => process.exit(0)).resume();
}

module.exports = { serve };
