'use strict';

// A timer is started with every request and never cleared.
function remind(number) {
  const mail = new Array(50).fill(number + 0.25);
  setInterval(function sendReminder() {
    mail[0] += 1;
  }, 3600_000).unref();
}

module.exports = { remind };
