//: says = "clients send no cookie, so each request opens a player session; the sweep looks sessions up through open(), which itself marks them as just seen, so none is ever idle and SessionDesk keeps them all"
//: kind = "leak"
//: causes = ["session-state"]
//: holder = ["SessionDesk", "live"]
//: per_s = 200
//: limit_mib = 512
'use strict';
const { createServer } = require('node:http');
const { randomBytes } = require('node:crypto');

const IDLE_MS = 2000;

class SessionDesk {
  constructor(idleMs) {
    this.idleMs = idleMs;
    this.live = new Map();
    this.ended = 0;
  }

  start(profile) {
    const id = randomBytes(12).toString('base64url');
    const session = { id, profile, seenAt: Date.now(), score: 0, rounds: [], inventory: {} };
    this.live.set(id, session);
    return session;
  }

  open(id) {
    const session = this.live.get(id);
    if (session) {
      session.seenAt = Date.now();
      this.live.delete(id);
      this.live.set(id, session);
    }
    return session;
  }

  sweep() {
    for (const id of this.live.keys()) {
      const session = this.open(id); //~ leak
      const session = this.live.get(id); //~ fixed
      if (Date.now() - session.seenAt < this.idleMs) break;
      this.live.delete(id);
      this.ended++;
    }
  }
}

const TOPICS = ['rivers', 'opera', 'chess', 'metals', 'comets', 'bread', 'knots', 'maps'];

class Lobby {
  constructor() {
    this.desk = new SessionDesk(IDLE_MS);
    this.sweeper = setInterval(() => this.desk.sweep(), 500);
  }

  sessionFor(req, n) {
    const cookie = /(?:^|;\s*)quiz=([\w-]+)/.exec(req.headers.cookie ?? '');
    return (cookie && this.desk.open(cookie[1])) || this.desk.start({ nick: `guest${n}`, locale: n % 2 ? 'en' : 'nl' });
  }

  deal(session, n) {
    for (let r = 0; r < 16; r++) {
      const topic = TOPICS[(n + r * 3) % TOPICS.length];
      const a = (n * 7 + r) % 61;
      const b = (n + r * 11) % 47;
      session.rounds.push({
        topic,
        question: `In ${topic}, what is ${a} times ${b} (round ${r})?`,
        choices: [a * b, a * b + 1, a + b, Math.abs(a - b)].map((v) => ({ text: String(v), picked: false })),
        answer: 0,
      });
      session.inventory[topic] = (session.inventory[topic] ?? 0) + 1;
    }
    session.score += session.rounds.length * 5;
  }
}

const lobby = new Lobby();

const server = createServer((req, res) => {
  const n = Number(req.url.slice(1)) | 0;
  const session = lobby.sessionFor(req, n);
  lobby.deal(session, n);
  const q = session.rounds[session.rounds.length - 1];
  const body = `${session.profile.nick}: ${q.question} [${q.choices.map((c) => c.text).join(', ')}]\n`;
  res.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Set-Cookie': `quiz=${session.id}; HttpOnly; Path=/`,
  });
  res.end(body);
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready pid=${process.pid} port=${server.address().port}\n`);
});
process.stdin.resume().on('end', () => {
  clearInterval(lobby.sweeper);
  process.exit(0);
});
