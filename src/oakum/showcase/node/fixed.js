'use strict';
// The same price service without the leak: a quote stops listening when its answer has been sent.
const { EventEmitter } = require('node:events');
const { serve } = require('./http_face');
const { Quote } = require('./pricing');

const market = new EventEmitter();
market.setMaxListeners(0);

function price(sku, basket, response) {
  const quote = new Quote(sku, basket);
  const reprice = (factor) => quote.reprice(factor);
  market.on('move', reprice);
  response.once('finish', () => market.off('move', reprice));
  return quote.tiers[0].unitPrice;
}

serve(price);
