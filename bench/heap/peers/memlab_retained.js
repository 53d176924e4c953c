'use strict';
// Prints the totals of a snapshot and its largest objects: id, retained bytes, own bytes, retained objects, name.
const { getFullHeapFromFile } = require('@memlab/heap-analysis');

async function main(file, most) {
  const heap = await getFullHeapFromFile(file);
  const all = [];
  let bytes = 0;
  const below = new Map();
  heap.nodes.forEach((node) => {
    all.push(node);
    const above = node.dominatorNode;
    if (above && above.id !== node.id) {
      if (!below.has(above.id)) below.set(above.id, []);
      below.get(above.id).push(node.id);
    }
    bytes += node.self_size;
  });
  all.sort((one, other) => other.retainedSize - one.retainedSize);
  console.log(`\nobjects ${all.length} bytes ${bytes}`);
  for (const node of all.slice(0, Number(most))) {
    const name = `${node.type} ${node.name}`.slice(0, 60).replace(/\s+/g, ' ');
    console.log(`object ${node.id.toString(16)} ${node.retainedSize} ${node.self_size} ${dominated(below, node.id)} ${name}`);
  }
}

// How many nodes go with this one, itself too.
function dominated(below, id) {
  const open = [id];
  let found = 0;
  while (open.length > 0) {
    found++;
    for (const one of below.get(open.pop()) || []) open.push(one);
  }
  return found;
}

main(...process.argv.slice(2)).then(() => process.exit(0));
