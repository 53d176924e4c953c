'use strict';
// What both variants compute: a quote with its volume discounts, priced anew when the market moves.
const TIERS = 40;

class Quote {
  constructor(sku, basket) {
    this.sku = sku;
    this.basket = basket;
    this.tiers = Array.from({ length: TIERS }, (_, step) => ({
      quantity: 1 + step * 25,
      unitPrice: 100 + (sku.length * 37 + step * 0.99),
    }));
  }

  reprice(factor) {
    for (const tier of this.tiers) tier.unitPrice *= factor;
  }
}

exports.Quote = Quote;
