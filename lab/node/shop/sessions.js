'use strict';

class Session {
  constructor(number) {
    this.user = `user-${number % 100}`;
    this.cart = new Array(60).fill(number);
  }
}

// Nothing ever leaves it: the largest leak.
class SessionStore {
  constructor() {
    this.entries = new Map();
  }

  put(key, number) {
    this.entries.set(key, new Session(number));
  }
}

exports.sessions = new SessionStore();
