'use strict';

// One counter per path, and paths hold numbers: small, and growing with every request.
const counters = {};

exports.seen = function seen(path) {
  counters[path] = (counters[path] || 0) + 1;
};
