//: says = "A search service with a big index that never changes and a lot of short-lived objects for every query."
//: kind = "healthy"
//: per_s = 200
//: for_s = 20
//: warm = 600
//: limit_mib = 1024
import { serve } from './serving.cjs';

const SYLLABLES = ['ka', 'lo', 'mi', 'ter', 'san', 'dor', 'vel', 'ruk', 'pha', 'nis', 'go', 'bra'];
const DOCUMENTS = 40_000;

function word(seed) {
  const count = SYLLABLES.length;
  return SYLLABLES[seed % count] + SYLLABLES[(seed >> 3) % count] + SYLLABLES[(seed >> 6) % count];
}

class Document {
  constructor(id) {
    this.id = id;
    this.title = `${word(id)} ${word(id * 7)} ${word(id * 13)}`;
    this.length = 100 + (id % 900);
    this.terms = Array.from({ length: 12 }, (_, at) => word(id * 31 + at * 97));
  }
}

class Index {
  constructor(documents) {
    this.documents = documents;
    this.postings = new Map();
    for (const document of documents) {
      for (const term of new Set(document.terms)) {
        const list = this.postings.get(term) ?? [];
        if (list.length === 0) this.postings.set(term, list);
        list.push(document.id);
      }
    }
  }

  query(terms, most) {
    const hits = terms
      .flatMap((term) => (this.postings.get(term) ?? []).slice(0, 120))
      .map((id) => ({ id, document: this.documents[id], score: 0 }));
    for (const hit of hits) {
      const matched = hit.document.terms.filter((term) => terms.includes(term));
      hit.score = matched.length / Math.log(hit.document.length);
    }
    return hits.sort((one, other) => other.score - one.score).slice(0, most);
  }
}

const index = new Index(Array.from({ length: DOCUMENTS }, (_, id) => new Document(id)));
let queries = 0;

serve((number) => {
  queries += 1;
  const hits = index.query([word(number), word(number * 3), word(number * 17)], 10);
  return [`${queries} queries`, ...hits.map((hit) => `${hit.score.toFixed(3)} ${hit.document.title}`)].join('\n');
});
