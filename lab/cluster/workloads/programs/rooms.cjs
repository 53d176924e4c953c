'use strict';
// LEAK: a room is made when somebody enters, and stays when everybody has left.

const rooms = new Map();

function enter(number) {
  const messages = [];
  for (let n = 0; n < 512; n += 1) messages.push(`message ${number}-${n}: ${'x'.repeat(64)}`);
  rooms.set(`room-${number}`, messages);
}

let number = 0;
setInterval(() => {
  enter(number);
  if (number % 64 === 0) console.log(`entered ${number}`);
  number += 1;
}, 50 / Number(process.env.HURRY || 1));
