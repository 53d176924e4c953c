//: says = "An access journal is a ring of 3600 entries that fills in the first ten seconds and is then written round."
//: kind = "healthy"
//: causes = []
//: holder = []
//: per_s = 380
//: for_s = 20
//: limit_mib = 512
'use strict';
// Admin service with a journal of the last accesses, for the operators' page.
const http = require('http');

class Journal {
  constructor(capacity) {
    this.capacity = capacity;
    this.entries = [];
    this.next = 0;
  }
  write(entry) {
    if (this.entries.length < this.capacity) this.entries.push(entry);
    else this.entries[this.next] = entry;
    this.next = (this.next + 1) % this.capacity;
  }
  *latest(count) {
    for (let i = 1; i <= Math.min(count, this.entries.length); i++) {
      yield this.entries.at((this.next - i + this.entries.length) % this.entries.length);
    }
  }
}

class Permissions {
  constructor() {
    this.roles = new Map([['reader', 1], ['writer', 3], ['owner', 7]]);
  }
  check(role, needed) {
    return (this.roles.get(role) & needed) === needed;
  }
}

global.journal = new Journal(3600);
const permissions = new Permissions();
const roles = ['reader', 'writer', 'owner'];
let accesses = 0;

function access() {
  const number = ++accesses;
  const role = roles[number % 3];
  const fields = [];
  for (let i = 0; i < 36; i++) fields.push({ name: `field ${i}`, before: `${number}.${i}.${role}`, after: `${number + 1}.${i}.${role}` });
  const entry = { number, role, allowed: permissions.check(role, 1 + (number % 2) * 2), fields };
  global.journal.write(entry);
  return entry;
}

const server = http.createServer({ keepAliveTimeout: 60000 }, (request, response) => {
  const entry = access();
  const refused = [...global.journal.latest(20)].filter((e) => !e.allowed).length;
  response.end(`${entry.number} ${entry.role} ${entry.allowed} (${refused} of the last 20 refused)\n`);
});
server.listen(0, '127.0.0.1', () => console.log(`ready pid=${process.pid} port=${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
