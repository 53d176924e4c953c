'use strict';
// A program that keeps a secret in every form that a heap has, and leaks sessions. Each line on standard input is
// "plant SECRET" or "dump FILE"; it answers "planted" or "dumped FILE".
const readline = require('node:readline');
const v8 = require('node:v8');
const vm = require('node:vm');

class Session {
  constructor(owner) {
    this.owner = owner;
    this.cookie = new Array(40).fill(owner.length);
  }
}

const kept = [];
const sessions = new Map();
const byOwner = {};
const weakly = new WeakMap();

function plant(secret) {
  kept.push(secret, Buffer.from(secret), Buffer.from(secret).toString('base64'), Symbol(secret), new RegExp(secret));
  kept.push(`${secret} ${sessions.size} `.repeat(3) + sessions.size, (secret + kept.length).substring(1));
  kept.push(new vm.Script(`(function () { return '${secret}'; })`, { filename: 'vault-script.js' }).runInThisContext());
  kept.push(new Function(`return '${secret}';`), new Error(secret), { note: `first line\n${secret}` });
  const key = {};
  kept.push(key);
  weakly.set(key, secret);
  for (let i = 0; i < 2000; i++) {
    const owner = `${secret}/${i}`;
    sessions.set(owner, new Session(owner));
    byOwner[owner] = i;
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, word] = line.split(' ');
  if (verb === 'plant') {
    plant(word);
    console.log('planted');
  } else {
    v8.writeHeapSnapshot(word);
    console.log(`dumped ${word}`);
  }
}).on('close', () => process.exit(0));
console.log('ready');
