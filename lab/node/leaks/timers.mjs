// Every request starts a reminder that is never cleared.
import { live } from './life.cjs';

function remind(number) {
  const mail = new Array(120).fill(number + 0.25);
  setInterval(function sendReminder() {
    mail[0] += 1;
  }, 3600_000).unref();
}

live(remind, 1400);
