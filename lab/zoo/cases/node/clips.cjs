//: says = "A camera relay keeps the newest clips of every camera in rings of Buffers; memory outside the heap comes and goes."
//: kind = "healthy"
//: per_s = 200
//: for_s = 20
//: warm = 600
//: limit_mib = 1024
'use strict';
const crypto = require('node:crypto');
const { serve } = require('./serving.cjs');

const CLIP_BYTES = 96 * 1024;
const CLIPS_KEPT = 32;
const CAMERAS = ['quay', 'gate', 'crane', 'shed'];

class ClipRing {
  constructor(size) {
    this.slots = new Array(size).fill(null);
    this.next = 0;
  }

  put(clip) {
    this.slots[this.next] = clip;
    this.next = (this.next + 1) % this.slots.length;
  }

  newest() {
    return this.slots[(this.next + this.slots.length - 1) % this.slots.length];
  }
}

class Relay {
  constructor(cameras) {
    this.rings = new Map(cameras.map((camera) => [camera, new ClipRing(CLIPS_KEPT)]));
    this.bytes = 0;
  }

  receive(camera, number) {
    const frames = Buffer.alloc(CLIP_BYTES, number % 251);
    frames.writeUInt32BE(number, 0);
    this.rings.get(camera).put({ number, frames, receivedAt: Date.now() });
    this.bytes += frames.length;
  }

  digest(camera) {
    const clip = this.rings.get(camera).newest();
    return crypto.createHash('sha1').update(clip.frames.subarray(0, 4096)).digest('hex');
  }
}

const relay = new Relay(CAMERAS);

serve((number) => {
  const camera = CAMERAS[number % CAMERAS.length];
  relay.receive(camera, number);
  return `${camera} ${relay.digest(camera)} ${Math.round(relay.bytes / 1024)} KiB so far`;
});
