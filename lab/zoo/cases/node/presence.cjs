//: says = "A chat starts a heartbeat for every visitor that joins; leaving takes the visitor off the list, no more."
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["timers", "presence"]
//: per_s = 300
//: for_s = 20
//: warm = 600
//: limit_mib = 1024
'use strict';
const { serve } = require('./serving.cjs');

const HEARTBEAT_MS = 30_000;
const GREETINGS = { en: 'Welcome aboard', fr: 'Bienvenue à bord', de: 'Willkommen an Bord' };

class Visitor {
  constructor(id, language) {
    this.id = id;
    this.language = language;
    this.seenAt = Date.now();
    this.pings = 0;
    // What a client shows when it comes back after a gap.
    this.backlog = Array.from({ length: 10 }, (_, at) => describe(id + at));
  }

  ping() {
    this.pings += 1;
    this.seenAt = Date.now();
  }
}

function describe(number) {
  const words = Array.from({ length: 80 }, (_, at) => (number * 31 + at * 7).toString(36));
  return `${new Date().toISOString()} ${words.join(' ')}`;
}

class Room {
  constructor(name) {
    this.name = name;
    this.visitors = new Map();
    this.peak = 0;
  }

  join(id, language) {
    const visitor = new Visitor(id, language);
    this.visitors.set(id, visitor);
    this.peak = Math.max(this.peak, this.visitors.size);
    visitor.heartbeat = setInterval(() => visitor.ping(), HEARTBEAT_MS);
    return visitor;
  }

  leave(visitor) {
    clearInterval(visitor.heartbeat); //~ fixed
    this.visitors.delete(visitor.id);
  }
}

const rooms = ['harbour', 'mast', 'galley'].map((name) => new Room(name));
const languages = Object.keys(GREETINGS);

serve((number) => {
  const room = rooms[number % rooms.length];
  const visitor = room.join(number, languages[number % languages.length]);
  try {
    return `${GREETINGS[visitor.language]}, ${room.name}: ${room.visitors.size} here, ${room.peak} at most`;
  } finally {
    room.leave(visitor);
  }
});
