//: says = "Every login opens a session in a Map; sessions have a time of last use, and nobody ever looks at it."
//: kind = "leak"
//: causes = ["session-state"]
//: holder = ["SessionStore", "byToken"]
//: per_s = 300
//: for_s = 20
//: warm = 900
//: limit_mib = 1024
import { randomBytes } from 'node:crypto';
import { serve } from './serving.cjs';

const TTL_MS = 1500; //~ fixed
const ROLES = Object.freeze({ guest: ['read'], member: ['read', 'write'], editor: ['read', 'write', 'publish'] });

class Session {
  constructor(user, role) {
    this.user = user;
    this.role = role;
    this.csrf = randomBytes(16).toString('hex');
    this.usedAt = Date.now();
    this.basket = [];
    this.viewed = [];
  }

  view(article) {
    this.usedAt = Date.now();
    this.viewed.push({ article, teaser: Buffer.alloc(240, `${this.user} reads ${article}, `).toString('latin1') });
  }
}

class SessionStore {
  #byToken = new Map();

  open(user, role) {
    this.sweep(); //~ fixed
    const token = randomBytes(24).toString('base64url');
    const session = new Session(user, role);
    this.#byToken.set(token, session);
    return { token, session };
  }

  find(token) {
    return this.#byToken.get(token);
  }

  sweep() { //~ fixed
    const oldest = Date.now() - TTL_MS; //~ fixed
    for (const [token, session] of this.#byToken) { //~ fixed
      if (session.usedAt > oldest) break; //~ fixed
      this.#byToken.delete(token); //~ fixed
    } //~ fixed
  } //~ fixed

  get count() {
    return this.#byToken.size;
  }
}

const store = new SessionStore();
const reads = new Map();

serve((number) => {
  const roles = Object.keys(ROLES);
  const { token } = store.open(`user-${number}`, roles[number % roles.length]);
  const session = store.find(token);
  for (let at = 0; at < 12; at += 1) {
    const article = `article-${(number * 31 + at) % 300}`;
    session.view(article);
    reads.set(article, (reads.get(article) ?? 0) + 1);
  }
  return `${session.user} may ${ROLES[session.role].join(', ')}; ${store.count} sessions, ${reads.size} articles`;
});
