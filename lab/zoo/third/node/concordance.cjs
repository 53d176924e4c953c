//: says = "builds a big word index in slices during the first fourteen seconds and keeps it for good, while each request makes much short-lived garbage: a saw-tooth on a high level base"
//: kind = "healthy"
//: per_s = 150
//: limit_mib = 512
'use strict';
const { createServer } = require('node:http');

const WORDS = 'sea ship whale rope sail deck storm mate hand watch oil boat line night wind cape'.split(' ');
const CHAPTERS = 140;

function Concordance() {
  this.postings = new Map();
  this.chapters = [];
  this.complete = false;
}

Concordance.prototype.addChapter = function (no) {
  const lines = [];
  for (let l = 0; l < 120; l++) {
    const words = [];
    for (let w = 0; w < 9; w++) {
      const word = WORDS[(no * 7 + l * 3 + w * w) % WORDS.length] + ((l * w + no) % 90);
      words.push(word);
      let list = this.postings.get(word);
      if (!list) this.postings.set(word, (list = []));
      list.push({ chapter: no, line: l, col: w });
    }
    lines.push(words.join(' '));
  }
  this.chapters.push({ no, lines });
};

Concordance.prototype.build = function (done) {
  let no = 0;
  const step = () => {
    this.addChapter(no++);
    if (no < CHAPTERS) setTimeout(step, 100);
    else {
      this.complete = true;
      done();
    }
  };
  step();
};

Concordance.prototype.search = function (n) {
  const word = WORDS[n % WORDS.length] + (n % 90);
  const list = this.postings.get(word) || [];
  const ranked = list
    .slice(0, 400)
    .map((p) => ({ ...p, score: Math.sin(p.line + n) / (1 + p.col) }))
    .sort((a, b) => b.score - a.score);
  const context = ranked.slice(0, 3).map((p) => this.chapters[p.chapter].lines[p.line].split(' ').slice(0, 4).join('_'));
  return { word, hits: list.length, context };
};

const book = new Concordance();
const slow = [];
let answered = 0;

const server = createServer((req, res) => {
  const t0 = process.hrtime();
  const body = JSON.stringify(book.search(Number(req.url.slice(1)) || 0));
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
  answered++;
  const [s, ns] = process.hrtime(t0);
  if (s > 0 || ns > 20e6) {
    slow.push({ url: req.url, ms: s * 1e3 + ns / 1e6 });
    if (slow.length > 30) slow.shift();
  }
});

server.listen(0, '127.0.0.1', () => {
  console.log(`ready pid=${process.pid} port=${server.address().port}`);
  book.build(() => {
    slow.length = 0;
  });
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
