//: says = "watchShipment starts a setInterval per parcel that polls for movement; the interval is only cleared when the parcel is seen as delivered, which the polled copy never becomes"
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["watchShipment"]
//: per_s = 200
//: limit_mib = 512
import { createServer } from 'node:http';
import process from 'node:process';

const POLL_MS = 20_000;
const depots = Array.from({ length: 60 }, (_, i) => ({ id: i, name: `depot ${i}`, passed: 0, queue: [] }));
const slowest = [];

const parcelState = (n) => ({
  number: `P${String(n).padStart(9, '0')}`,
  status: 'in-transit',
  scans: Array.from({ length: 30 }, (_, i) => ({
    depot: (n + i * 11) % depots.length,
    at: 1_700_000_000_000 + n * 1000 + i * 60_000,
    weight: 1.25 + (i % 4) / 8,
    note: `scan ${n}-${i}`,
  })),
});

function watchShipment(parcel, onMove) {
  let seen = parcel.scans.length;
  const copy = structuredClone(parcel);
  let timer = null;
  const check = () => {
    if (copy.status === 'delivered') {
      clearInterval(timer);
      return;
    }
    if (copy.scans.length > seen) {
      seen = copy.scans.length;
      onMove(copy.scans[seen - 1]);
    }
  };
  timer = setInterval(check, POLL_MS);
  return {
    current: () => copy.scans[seen - 1],
    close: () => {
      clearInterval(timer); //~ fixed
      seen = 0;
    },
  };
}

function rememberSlow(n, ms) {
  slowest.push([n, ms]);
  slowest.sort((a, b) => b[1] - a[1]);
  if (slowest.length > 20) slowest.length = 20;
}

async function track(n) {
  const parcel = parcelState(n);
  const watch = watchShipment(parcel, (scan) => {
    depots[scan.depot].passed += 1;
  });
  const first = watch.current();
  await null;
  const d = depots[first.depot];
  d.passed += 1;
  d.queue.push(parcel.number);
  if (d.queue.length > 16) d.queue.shift();
  parcel.status = 'delivered';
  watch.close();
  return `${parcel.number} last seen at ${d.name} (${parcel.status})\n`;
}

const server = createServer(async (req, res) => {
  const t0 = performance.now();
  const n = Number.parseInt(req.url.slice(1), 10) || 0;
  try {
    const text = await track(n);
    res.statusCode = 200;
    res.setHeader('Content-Type', 'text/plain');
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.end(text);
  } catch (err) {
    res.statusCode = 500;
    res.end(String(err));
  }
  rememberSlow(n, performance.now() - t0);
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready pid=${process.pid} port=${server.address().port}\n`);
});

process.stdin.on('data', () => {}).on('end', () => process.exit(0));
