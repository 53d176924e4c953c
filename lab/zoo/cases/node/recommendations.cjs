//: says = "A recommendation service whose least-recently-used cache fills to its bound while it is watched."
//: kind = "healthy"
//: per_s = 300
//: for_s = 20
//: warm = 600
//: limit_mib = 1024
'use strict';
const { serve } = require('./serving.cjs');

const CAPACITY = 1500;

class LruCache {
  constructor(capacity) {
    this.capacity = capacity;
    this.entries = new Map();
    this.evicted = 0;
  }

  get(key) {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key, value) {
    this.entries.set(key, value);
    if (this.entries.size > this.capacity) {
      this.entries.delete(this.entries.keys().next().value);
      this.evicted += 1;
    }
  }
}

class Recommender {
  constructor(items) {
    this.weights = Float64Array.from({ length: items }, (_, at) => 1 / (1 + at));
    this.cache = new LruCache(CAPACITY);
  }

  score(user) {
    return Array.from({ length: 900 }, (_, at) => this.weights[(user * 13 + at) % this.weights.length] * (at + 0.5));
  }

  recommend(user) {
    let scores = this.cache.get(user);
    if (scores === undefined) {
      scores = this.score(user);
      this.cache.set(user, scores);
    }
    const best = scores.indexOf(Math.max(...scores));
    return `item-${(user * 13 + best) % this.weights.length}`;
  }
}

const recommender = new Recommender(20_000);
const served = { asked: 0 };

serve((number) => {
  served.asked += 1;
  const regular = number % 4 === 0;
  const user = regular ? number % 100 : 1000 + number;
  return `${recommender.recommend(user)} for ${user}; ${recommender.cache.evicted} evicted`;
});
