//: says = "A whiteboard hub marks a client as closed when its socket ends, but keeps it, with its send queue, in the set of clients."
//: kind = "leak"
//: causes = ["session-state", "listener"]
//: holder = ["Hub", "clients"]
//: per_s = 350
//: for_s = 20
//: limit_mib = 512
'use strict';
// Whiteboard: clients join a board, get its strokes, draw a few and go.
const http = require('http');
const { EventEmitter } = require('events');

class Socket extends EventEmitter {
  constructor(number) {
    super();
    this.number = number;
    this.readyState = 'open';
    this.sent = [];
  }
  send(frame) {
    this.sent.push(frame);
  }
  end() {
    this.readyState = 'closed';
    this.emit('close', 1000);
  }
}

class Board {
  constructor(name) {
    this.name = name;
    this.strokes = [];
  }
  draw(stroke) {
    this.strokes.push(stroke);
    if (this.strokes.length > 64) this.strokes.shift();
  }
}

class Hub {
  constructor() {
    this.clients = new Set();
    this.boards = new Map();
    this.online = 0;
  }
  board(name) {
    if (!this.boards.has(name)) this.boards.set(name, new Board(name));
    return this.boards.get(name);
  }
  join(socket, board) {
    const client = { socket, board, joined: Date.now() };
    this.clients.add(client);
    this.online++;
    socket.on('close', () => {
      this.online--;
      this.clients.delete(client); //~ fixed
    });
    for (const stroke of board.strokes) socket.send(JSON.stringify(stroke));
    return client;
  }
  broadcast(frame) {
    for (const { socket } of this.clients) {
      if (socket.readyState === 'open') socket.send(frame);
    }
  }
}

const hub = new Hub();
const colours = ['red', 'green', 'blue', 'black'];
let visits = 0;

const server = http.createServer((request, response) => {
  const number = ++visits;
  const board = hub.board(`board-${number % 8}`);
  const socket = new Socket(number);
  hub.join(socket, board);
  board.draw({ by: number, colour: colours[number % 4], from: [number % 800, 10], to: [number % 600, 90] });
  if (number % 16 === 0) hub.broadcast(`{"notice":"${hub.online} online"}`);
  const text = `${board.name}: ${socket.sent.length} strokes, ${hub.online} online\n`;
  socket.end();
  response.writeHead(200, { 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(`ready pid=${process.pid} port=${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
