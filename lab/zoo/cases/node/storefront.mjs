//: says = "A storefront keeps every rendered page under its full address, campaign parameters too, and none goes."
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["PageCache", "pages"]
//: per_s = 300
//: for_s = 20
//: warm = 600
//: limit_mib = 1024
import { serve } from './serving.cjs';

const MOST_PAGES = 300; //~ fixed
const CURRENCIES = new Map([['eur', 1], ['usd', 1.08], ['gbp', 0.85]]);

class Catalogue {
  constructor(count) {
    this.products = Array.from({ length: count }, (_, id) => ({
      id,
      title: `Sailcloth no. ${id}`,
      cents: 900 + ((id * 37) % 4100),
      sizes: ['S', 'M', 'L', 'XL'],
    }));
  }

  find(id) {
    return this.products[id % this.products.length];
  }

  related(product) {
    return this.products.slice(product.id, product.id + 12);
  }
}

class PageCache {
  constructor() {
    this.pages = new Map();
    this.hits = 0;
    this.misses = 0;
  }

  async through(address, render) {
    const known = this.pages.get(address);
    if (known !== undefined) {
      this.hits += 1;
      return known;
    }
    this.misses += 1;
    const page = { html: await render(), renderedAt: Date.now() };
    this.pages.set(address, page);
    if (this.pages.size > MOST_PAGES) this.pages.delete(this.pages.keys().next().value); //~ fixed
    return page;
  }
}

const catalogue = new Catalogue(400);
const cache = new PageCache();

function row(product, currency) {
  const price = ((product.cents * CURRENCIES.get(currency)) / 100).toFixed(2);
  const sizes = product.sizes.map((size) => `<option value="${size}">${size}</option>`).join('');
  return [
    `<article id="p${product.id}"><h2>${product.title}</h2><p class="price">${price} ${currency}</p>`,
    `<select name="size">${sizes}</select><button data-id="${product.id}">Add to basket</button>`,
    '<p class="note">Woven in Brittany, cut to length, hemmed by hand and sent within two days.</p></article>',
  ].join('');
}

async function renderProduct(id, currency, campaign) {
  const product = catalogue.find(id);
  const rows = catalogue.related(product).map((other) => row(other, currency));
  return [`<html><body data-campaign="${campaign}">`, row(product, currency), ...rows, '</body></html>'].join('\n');
}

serve(async (number, path) => {
  const address = new URL(`${path.split('?')[0]}?id=${number % 400}&utm_id=c${number}`, 'http://shop.example');
  const page = await cache.through(address.href, () =>
    renderProduct(number % 400, 'eur', address.searchParams.get('utm_id')),
  );
  return `${page.html.length} bytes, ${cache.hits} hits, ${cache.misses} misses`;
});
