//: says = "healthy: each request leaves a lingering subscriber with a listener and a timer behind, all of which go after 5 seconds"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
'use strict';
const http = require('node:http');
const { EventEmitter } = require('node:events');

const LINGER_MS = 5000;

class Channel extends EventEmitter {
  constructor(name) {
    super();
    this.name = name;
    this.setMaxListeners(0);
    this.backlog = [];
  }

  post(message) {
    this.backlog.push(message);
    if (this.backlog.length > 50) this.backlog.shift();
    this.emit('message', message);
  }
}

class Subscriber {
  constructor(channel, id) {
    this.channel = channel;
    this.id = id;
    this.received = 0;
    this.replay = channel.backlog.map((m) => ({ ...m, seenBy: id }));
    this.frame = Array.from({ length: 350 }, (_, i) => id * 0.5 + i);
    this.onMessage = (message) => {
      this.received += 1;
      this.frame[this.received % this.frame.length] = message.at;
    };
    channel.on('message', this.onMessage);
    this.timer = setTimeout(() => this.leave(), LINGER_MS);
  }

  leave() {
    this.channel.off('message', this.onMessage);
    this.channel = null;
  }
}

class Switchboard {
  constructor(names) {
    this.channels = names.map((name) => new Channel(name));
    this.subscribers = new WeakSet();
    this.posted = 0;
  }

  channelFor(n) {
    return this.channels[n % this.channels.length];
  }

  visit(n) {
    const channel = this.channelFor(n);
    const subscriber = new Subscriber(channel, n);
    this.subscribers.add(subscriber);
    if (n % 10 === 0) {
      this.posted += 1;
      channel.post({ at: Date.now(), text: `note ${n} on ${channel.name}`, from: `user-${n % 77}` });
    }
    return subscriber;
  }

  listening() {
    return this.channels.reduce((sum, c) => sum + c.listenerCount('message'), 0);
  }
}

const board = new Switchboard(['lobby', 'sales', 'support', 'dev', 'ops', 'random', 'news', 'sport']);

const server = http.createServer((req, res) => {
  const subscriber = board.visit(parseInt(req.url.slice(1), 10) || 0);
  const body = JSON.stringify({
    channel: subscriber.channel.name,
    replayed: subscriber.replay.length,
    listening: board.listening(),
    posted: board.posted,
  });
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('Content-Type', 'application/json');
  res.end(body);
});

server.listen(0, '127.0.0.1', () => console.log('ready pid=%d port=%d', process.pid, server.address().port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
