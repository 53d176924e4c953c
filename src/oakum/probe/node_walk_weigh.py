"""How much the members of a container hold that grew, by a sample of them, in a walk through a Node.js program.

Sizes are estimates after V8's layout (8 bytes a word): src/objects/js-objects.h, ordered-hash-table.h, string.h. What
two members reach, or the walk itself did, is none's own. A regular expression counts 10 bytes for each character of its
source, about what its bytecode takes; a string that was put together may take twice what is counted. What arrow
functions have as ``this`` is hidden: members that have such a one are told.
"""

from __future__ import annotations

from typing import Final

WEIGH: Final = r"""    const weights = (grown, start) => {
      const parts = [], whose = new Map(), list = grown.kind === 'List' && constructorOf(nodes[grown.at].value);
      // What leads on, or back: to another of its class that leads on too. A plain object holds others of no class.
      const isLink = (object, key) => {
        const to = own(object, key);
        return isThing(to) && !isProxy(to) && constructorOf(to) === list && describe(to, grown.key) !== undefined;
      };
      const rough = (value, part, left) => {
        // Bytes of what one member alone reaches; what two reach, or the walk did, is not its own.
        const queue = [[value, false]];
        for (let turn = 0; turn < queue.length && turn < left; turn++) {
          const [now, caught] = queue[turn];
          if (typeof now === 'number') { if (!Number.isInteger(now)) part.bytes += 16; continue; }
          const isText = typeof now === 'string';
          if (!isText && !isThing(now) || (!isText && isProxy(now))) continue;
          if (!isText && turn > 0 && seen.has(now)) continue;
          const first = whose.get(now);
          if (first !== undefined) {
            if (first.part === part) continue;
            first.part.bytes -= first.bytes;
            first.part.caught -= first.caught;
            first.bytes = first.caught = 0;
            continue;
          }
          let bytes = 0;
          if (isText) bytes = 16 + now.length * (/[^\x00-\xff]/.test(now.slice(0, 1000)) ? 2 : 1) + 7 & ~7;
          else {
            const kind = kindOf(now), keys = kind === 'Array' || kind === 'bytes' ? [] : keysOf(now);
            const count = kind === 'bytes' ? 0 : countOf(kind, now, keys);
            if (kind === 'bytes') { bytes = 96; part.outside += own(now, 'byteLength') || byteLength(now); }
            else if (kind === 'function') {
              bytes = 64;
              if (!isNative(now) && keys.length <= FEW && part.functions.length < 4) part.functions.push(now);
              if (catchesThis(now)) part.hidden = 1;
            }
            else if (kind === 'Array') bytes = 48 + 8 * count;
            else if (kind === 'Object') bytes = 24 + 8 * keys.length * (keys.length > 128 ? 4 : 1);
            else bytes = 104 + 44 * count;
            if (isPromise(now) && keys.length <= FEW && part.functions.length < 4) part.functions.push(now);
            if (isRegExp(now)) bytes += 200 + 10 * source(now).length;
            if (kind !== 'bytes' && kind !== 'function') {
              const most = Math.max(0, left - queue.length);
              if (kind !== 'Object') for (const [key, item] of membersAt(kind, now, evenly(0, count, most))) {
                if (kind === 'Map') queue.push([key, caught]);
                if (kind !== 'Array' || typeof item !== 'number') queue.push([item, caught]);
              }
              for (const key of keys.slice(0, most)) {
                // Of a linked list each is a member by itself.
                if (isNeighbour(key) || (list && constructorOf(now) === list && isLink(now, key))) continue;
                queue.push([own(now, key), caught]);
              }
            }
          }
          whose.set(now, { part, bytes, caught: part.inside ? bytes : 0 });
          part.bytes += bytes;
          if (part.inside) part.caught += bytes;
        }
      };
      const tell = () => parts.map(({ bytes, outside, caught, hidden }) => [bytes, outside, caught, hidden]);
      for (const [key, item] of membersAt(grown.kind, nowOf(grown.at, grown.kind),
        evenly(Math.min(start, Math.max(0, grown.count - WEIGHED)), grown.count, WEIGHED), grown.key)) {
        const bytes = grown.kind === 'Array' ? 8 : grown.kind === 'List' ? 0 : 44;
        const part = { bytes, outside: 0, caught: 0, hidden: 0, functions: [], inside: false, item };
        parts.push(part);
        if (grown.kind === 'Map' || grown.kind === 'Object') rough(key, part, 4);
        rough(item, part, 1500);
      }
      return { parts, rough, tell };
    };
    // What ``this`` is in an arrow function stands in no scope that the inspector shows.
    const catchesThis = (code) => {
      const words = text.call(code).slice(0, 20000);
      return /^(async\s*)?(\([^)]*\)|[\w$]+)\s*=>/.test(words) && /\bthis\b/.test(words);
    };
    const byteLength = (value) => {
      for (let proto = protoOf(value); proto; proto = protoOf(proto)) {
        const told = getter(proto, 'byteLength');
        if (isNative(told)) return Math.min(told.call(value), 1 << 30);
      }
      return 0;
    };
    const sourceOf = getter(RegExp.prototype, 'source');
    const source = (value) => isNative(sourceOf) ? sourceOf.call(value) : '';
"""
