//: says = "A payment gateway's audit trail is an array that the functions of its factory close over; it only gets longer."
//: kind = "leak"
//: causes = ["closure"]
//: holder = ["trail", "ledger"]
//: per_s = 300
//: for_s = 20
//: warm = 600
//: limit_mib = 1024
'use strict';
const crypto = require('node:crypto');
const { serve } = require('./serving.cjs');

const LIMITS = { card: 500_00, transfer: 10_000_00, voucher: 50_00 };
const KEPT = 400; //~ fixed

function createAuditTrail(now) {
  const trail = [];
  const failures = { card: 0, transfer: 0, voucher: 0 };

  function note(payment, outcome) {
    trail.push({ at: now(), id: payment.id, outcome, before: snapshotOf(payment), checks: payment.checks.slice() });
    if (trail.length > KEPT) trail.shift(); //~ fixed
    if (outcome !== 'accepted') failures[payment.method] += 1;
  }

  function latest(count) {
    return trail.slice(-count).map((entry) => `${entry.id} ${entry.outcome}`);
  }

  return { note, latest, failures };
}

function snapshotOf(payment) {
  return JSON.stringify({ ...payment, checks: undefined, headers: payment.headers });
}

function createGateway(audit) {
  const seen = new Map();

  function check(payment) {
    const known = seen.get(payment.account) ?? 0;
    seen.set(payment.account, known + 1);
    return payment.cents <= LIMITS[payment.method] ? 'accepted' : 'refused';
  }

  return function pay(payment) {
    const outcome = check(payment);
    audit.note(payment, outcome);
    return outcome;
  };
}

const audit = createAuditTrail(Date.now);
const pay = createGateway(audit);
const methods = Object.keys(LIMITS);

serve((number) => {
  const method = methods[number % methods.length];
  const outcome = pay({
    id: crypto.randomUUID(),
    account: `a${number % 500}`,
    method,
    cents: (number * 7919) % 700_00,
    checks: Array.from({ length: 120 }, (_, at) => (number % 13) + at / 7),
    headers: { agent: 'till/4.2', trace: crypto.randomBytes(1500).toString('hex') },
  });
  return [outcome, ...audit.latest(3)].join('\n');
});
