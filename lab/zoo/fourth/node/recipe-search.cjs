//: says = "a background task indexes 18000 recipes into a word index for about 50 seconds and then stops; the index stays as a big steady heap, requests only make garbage"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
'use strict';
const http = require('node:http');

const TOTAL = 18000;
const SLICE = 36;
const FOODS = ['leek', 'barley', 'quince', 'trout', 'fennel', 'chard', 'lentil', 'plum', 'cumin', 'walnut',
  'saffron', 'radish', 'mussel', 'thyme', 'pear', 'kale', 'ginger', 'almond', 'squash', 'caper'];
const WAYS = ['baked', 'braised', 'raw', 'grilled', 'smoked', 'pickled', 'poached', 'candied'];

class Posting {
  constructor(recipe, weight, positions) {
    this.recipe = recipe;
    this.weight = weight;
    this.positions = positions;
  }
}

class WordIndex {
  constructor() {
    this.recipes = [];
    this.words = new Map();
  }

  add(recipe) {
    this.recipes.push(recipe);
    const places = new Map();
    recipe.text.split(' ').forEach((word, i) => {
      if (!places.has(word)) places.set(word, []);
      places.get(word).push(i);
    });
    for (const [word, positions] of places) {
      let postings = this.words.get(word);
      if (!postings) this.words.set(word, (postings = []));
      postings.push(new Posting(recipe, positions.length / Math.sqrt(places.size), positions));
    }
  }

  find(words, limit) {
    const scores = new Map();
    for (const word of words) {
      for (const p of (this.words.get(word) ?? []).slice(0, 150)) {
        scores.set(p.recipe, (scores.get(p.recipe) ?? 0) + p.weight);
      }
    }
    return [...scores].sort((a, b) => b[1] - a[1]).slice(0, limit);
  }
}

function readRecipe(i) {
  const words = [];
  for (let k = 0; k < 45; k++) {
    const h = (i * 2654435761 + k * 40503 * (i % 97 + 1)) >>> 0;
    words.push(k % 3 === 2 ? WAYS[h % WAYS.length] : FOODS[(h >>> 5) % FOODS.length]);
    if (k % 9 === 0) words.push(`${words[words.length - 1]}${h % 60}`);
  }
  return { id: i, title: `${words[2]} ${words[0]} with ${words[3]}`, text: words.join(' '), minutes: 15 + (i % 90) };
}

const index = new WordIndex();
const loader = setInterval(() => {
  const upTo = Math.min(TOTAL, index.recipes.length + SLICE);
  while (index.recipes.length < upTo) index.add(readRecipe(index.recipes.length));
  if (index.recipes.length === TOTAL) clearInterval(loader);
}, 100);

const server = http.createServer((req, res) => {
  const n = parseInt(req.url.slice(1), 10) || 0;
  const query = [FOODS[n % FOODS.length], WAYS[n % WAYS.length], FOODS[(n >> 3) % FOODS.length]];
  const found = index.find(query, 5).map(([recipe, score]) => ({
    title: recipe.title, minutes: recipe.minutes, score: Math.round(score * 100) / 100,
  }));
  const body = JSON.stringify({ query, found, indexed: index.recipes.length });
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
});

server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
});
process.stdin.on('end', () => process.exit(0)).resume();
