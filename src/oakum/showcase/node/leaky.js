'use strict';
// A price service that leaks: every quote listens to the market, and none ever stops listening.
const { EventEmitter } = require('node:events');
const { serve } = require('./http_face');
const { Quote } = require('./pricing');

const market = new EventEmitter();
market.setMaxListeners(0);

function price(sku, basket) {
  const quote = new Quote(sku, basket);
  market.on('move', (factor) => quote.reprice(factor));
  return quote.tiers[0].unitPrice;
}

serve(price);
