"""What a Node.js program runs when its containers are counted: a walk from the variables of its functions.

It keeps nothing that would keep an object of the program alive, beyond the second look that it is made for.
"""

from __future__ import annotations

from typing import Final

from oakum.probe.node_walk_means import MEANS
from oakum.probe.node_walk_weigh import WEIGH

MOST_OBJECTS: Final = 40_000
"""So many objects are passed in one walk."""

WALKS_MS: Final = 250
"""So long one call of it may take, in milliseconds, before it is cut short."""

LEAST_ITEMS: Final = 16
"""A container with fewer is not told."""

SAMPLED: Final = 24
"""So many members of a container are remembered, weakly, to see whether they stay."""

MOST_PROMISES: Final = 64
"""So many promises that variables lead to are asked whether they are pending."""

WEIGHED: Final = 12
"""So many members of one that grew are weighed."""

_WALK: Final = r"""
  const make = (seeks) => {
    const nodes = [], seen = new Set([globalThis, process]), containers = [], secrets = [], codes = [];
    const texts = new Set();
    let todo = [], cut = false, late = false, until = 0, links = MOST_LINKS;
    const promises = [];
    const push = (value, parent, kind, name) => {
      if (!isThing(value) || isProxy(value) || seen.has(value)) return;
      if (nodes.length >= MOST) { cut = true; return; }
      seen.add(value);
      nodes.push({ value, parent, kind, name, depth: parent < 0 ? 0 : nodes[parent].depth + 1 });
      todo.push(nodes.length - 1);
    };
    // A linked list: an object that leads to another of its class by the key by which that leads on. Of each that was
    // followed every POSTth member is known, with how many come from there; 0: they run into a ring.
    const ends = new Map(), posts = new Map();
    const follow = (value, key, made) => {
      if (!posts.has(key)) posts.set(key, new Map());
      const known = posts.get(key), mine = new Map();
      let count = 1, now = value, rest = 0, isList = true;
      for (let on; (on = nextIn(now, key, made)) && on !== value; count++, now = on) {
        if (links-- <= 0) { cut = true; return; }
        if (links % LOOKED_LINKS === 0 && Date.now() > until) { cut = late = true; return; }
        if (count % POST === 1) mine.set(now, count);
        if (mine.has(on)) { isList = false; break; }
        if (!known.has(on)) continue;
        rest = known.get(on);
        isList = rest > 0 && count > POST;
        break;
      }
      const whole = count + rest;
      if (whole < LEAST) return;
      for (const [post, place] of mine) if (!known.has(post)) known.set(post, isList ? whole - place + 1 : 0);
      return isList ? [whole, rest > 0 ? value : now] : undefined;
    };
    const chains = (at, keys) => {
      const { value, parent, kind, name } = nodes[at], made = constructorOf(value);
      for (const key of keys) {
        if (!isNext(value, key, made) || (kind === 'property' && isNext(nodes[parent].value, name, made))) continue;
        if (ends.has(value)) continue;
        const found = follow(value, key, made);
        if (!found) continue;
        const [count, last] = found;
        // The other way of the same: it ends where that began.
        if (ends.has(last) && ends.get(last) !== key) continue;
        ends.set(value, key).set(last, key);
        containers.push({ at, kind: 'List', count, key });
      }
    };
    const hiding = new Map();
    const hidesOf = (made) => {
      if (!hiding.has(made)) hiding.set(made, /^class[\s{][^]*#[\w$]/.test(text.call(made).slice(0, 100000)));
      return hiding.get(made);
    };
    const visit = (at) => {
      const { value, depth } = nodes[at], kind = kindOf(value);
      if (kind === 'bytes' || isModuleNamespaceObject(value)) return;
      if (promises.length < MOST_PROMISES && isPromise(value)) promises.push(at);
      let keys = kind === 'Array' ? [] : keysOf(value);
      if (kind === 'function') {
        if (isNative(value)) return;
        keys = plain(keys);
        const words = seeks ? text.call(value) : '';
        if (seeks && keys.length <= FEW && !texts.has(words)) { texts.add(words); codes.push(value); }
        if (seeks) push(own(value, 'prototype'), at, 'property', 'prototype');
      }
      const count = countOf(kind, value, keys);
      if (count >= LEAST) containers.push({ at, kind, count });
      if (kind === 'Object' && keys.length <= FEW) chains(at, keys);
      if (depth >= 8) return;
      if (kind === 'Map' || kind === 'Set' || kind === 'Array') {
        for (const [key, item] of membersAt(kind, value, evenly(0, Math.min(count, 24), 24))) {
          push(item, at, 'item', kind === 'Map' && typeof key === 'string' ? key.slice(0, 100) : '');
        }
      }
      for (const key of keys.slice(0, 128)) if (!isNeighbour(key)) push(own(value, key), at, 'property', nameOf(key));
      const made = kind === 'function' ? value : constructorOf(value);
      if (seeks && made) push(made, at, 'class', '');
      if (made && isTame(kind, value, keys) && hidesOf(made)) secrets.push(at);
    };
    const run = () => {
      until = Date.now() + MS;
      late = false;
      for (let turn = 0; turn < todo.length; turn++) {
        if (late || ((turn & 255) === 0 && Date.now() > until)) { cut = true; break; }
        try { visit(todo[turn]); } catch {}
      }
      todo = [];
    };
    const pathOf = (at) => {
      const path = [];
      for (let now = at; now >= 0; now = nodes[now].parent) {
        const { kind, name, parent } = nodes[now];
        const of = parent >= 0 ? nodes[parent].value : undefined;
        path.unshift([kind, name, of === undefined ? '' : typeof of === 'function' ? own(of, 'name') : classOf(of),
          typeof of]);
      }
      return path;
    };
    const isRow = (kind) => kind === 'Array' || kind === 'List';
    const idOf = (at, key) => JSON.stringify(pathOf(at)) + (key === undefined ? '' : nameOf(key));
    // The first of a list comes and goes: what it hangs on is what stays.
    const wholeOf = (at, kind) => {
      const { value, parent } = nodes[at];
      return kind === 'List' && parent >= 0 ? nodes[parent].value : value;
    };
    // The program runs between two calls: what was the first of a list may have been taken out since.
    const nowOf = (at, kind) => {
      const { value, parent, kind: edge, name } = nodes[at];
      if (kind !== 'List' || edge !== 'property') return value;
      const now = own(nodes[parent].value, name);
      return isThing(now) && !isProxy(now) && constructorOf(now) === constructorOf(value) ? now : value;
    };
"""

_LOOK: Final = r"""
    let weighed;
    return {
      // Variables of scopes: each value under its name, below the root of that number.
      enter(roots, ...scopes) {
        scopes.map(variablesOf).forEach((scope, turn) => {
          for (const key of keysOf(scope)) {
            if (key === 'require' || key === 'module' || key === 'this' || key === 'arguments') continue;
            push(own(scope, key), -1, 'variable', `${roots[turn]}:${nameOf(key)}`);
          }
        });
        run();
      },
      // What a program is entered by: its servers, sockets and other open handles, and what listens to the process.
      handles() {
        const told = own(process, '_getActiveHandles');
        if (isNative(told)) for (const handle of told.call(process)) push(handle, -1, 'handle', '');
        push(own(process, '_events'), -1, 'handle', '');
        run();
      },
      // Functions that the walk met, one of each text.
      codes() { return codes.splice(0, 400); },
      globals() {
        for (const key of keysOf(globalThis)) {
          const told = describe(globalThis, key);
          if (told && told.enumerable && 'value' in told) push(told.value, -1, 'global', nameOf(key));
        }
        const main = own(process, 'mainModule'), kind = main && constructorOf(main);
        const cache = kind && own(kind, '_cache');
        for (const file of cache && !isProxy(cache) ? keysOf(cache) : []) {
          const module = own(cache, file);
          if (module) push(own(module, 'exports'), -1, 'module', `${file}`);
        }
        run();
      },
      // Whose private fields are to be asked for, by the inspector.
      secrets() { return secrets.splice(0, 100).flatMap((at) => [at, nodes[at].value]); },
      confess(at, names, ...values) {
        values.forEach((value, turn) => push(value, at[turn], 'property', names[turn]));
        run();
      },
      keep() {
        let left = 2000000;
        const kept = new Map();
        until = Date.now() + MS;
        for (const { at, kind, count, key } of containers) {
          // The keys of an object are listed anew for that: each that is a number becomes a text. A link costs more
          // than a member.
          const fits = kind === 'Array' || (Date.now() <= until && (left -= kind === 'List' ? 4 * count : count) >= 0 &&
            (kind !== 'Object' || count <= 100000));
          const items = fits ? membersAt(kind, nowOf(at, kind), evenly(0, count, SAMPLED), key) : [];
          kept.set(idOf(at, key), { whole: new WeakRef(wholeOf(at, kind)), kind, count,
            items: items.map(([key, value]) => weak(isRow(kind) ? value : key)) });
        }
        const waits = promises.map((at) => weak(nodes[at].value));
        const told = { objects: nodes.length, containers: containers.length, cut, timers: timersOf() };
        nodes.length = containers.length = promises.length = 0;
        seen.clear(); hiding.clear(); ends.clear(); posts.clear();
        return { kept, waits, told };
      },
      grown(before, least) {
        const found = [];
        let looks = 1000000;
        until = Date.now() + MS;
        containers.forEach(({ at, kind, count, key }, turn) => {
          const path = pathOf(at), known = before.kept.get(idOf(at, key)), value = nowOf(at, kind);
          if (!known || known.kind !== kind || count - known.count < least) return;
          let asked = 0, gone = 0;
          const there = new Set();
          let looked = !isRow(kind) || (looks -= kind === 'List' ? 2 * count : count) >= 0;
          if (isRow(kind) && looked) {
            const wanted = new Set(known.items.map((item) => item instanceof WeakRef ? item.deref() : item));
            const made = constructorOf(value);
            for (let place = 0, now = value; looked && place < count && now !== undefined; place++) {
              if (place % LOOKED_LINKS === 0 && Date.now() > until) looked = false;
              const item = kind === 'Array' ? own(value, place) : now;
              if (wanted.has(item)) there.add(item);
              if (kind === 'List') now = nextIn(now, key, made);
            }
          }
          const isOf = { Map: (key) => mapHas.call(value, key), Set: (key) => setHas.call(value, key),
            Array: (item) => there.has(item), List: (item) => there.has(item),
            Object: (key) => describe(value, key) !== undefined }[kind];
          if (looked) for (const item of known.items) {
            const now = item instanceof WeakRef ? item.deref() : item;
            asked++;
            if ((now === undefined && item !== undefined) || !isOf(now)) gone++;
          }
          found.push({ turn, path, kind, before: known.count, after: count, asked, gone,
            same: known.whole.deref() === wholeOf(at, kind), of: classOf(value) });
        });
        found.sort((one, other) => (other.after - other.before) - (one.after - one.before));
        return { objects: nodes.length, containers: containers.length, cut, timers: timersOf(),
          grown: found.slice(0, 8) };
      },
      // The class whose property it is, or what leads to it.
      owner(turn) {
        for (let at = containers[turn].at; at >= 0; at = nodes[at].parent) {
          const { kind, name, parent } = nodes[at];
          if (kind !== 'property' || parent < 0 || name === '_events') continue;
          const of = nodes[parent].value, made = typeof of === 'function' ? of : constructorOf(of);
          if (made && !isNative(made)) return keysOf(made).length <= FEW ? made : undefined;
        }
      },
      weigh(turn, start) {
        weighed = weights(containers[turn], start);
        const names = new Map();
        for (const { item } of weighed.parts) {
          const isObject = typeof item === 'object' && item !== null;
          const name = isObject ? classOf(item) || 'Object' : typeof item;
          names.set(name, (names.get(name) || 0) + 1);
        }
        return { type: [...names].sort((one, other) => other[1] - one[1]).map(([name]) => name)[0] || '' };
      },
      // Of all timers that wait those that have the commonest callback: how many, and the place of a container of them.
      waiting(timers) {
        const known = new Map();
        for (const timer of timers) {
          const code = isProxy(timer) || own(timer, '_destroyed') !== false ? undefined : own(timer, '_onTimeout');
          if (typeof code !== 'function' || isProxy(code)) continue;
          const words = text.call(code);
          if (!known.has(words)) known.set(words, []);
          known.get(words).push(code);
        }
        const most = [...known.values()].sort((one, other) => other.length - one.length)[0] || [];
        nodes.push({ value: most, parent: -1, kind: 'timers', name: '', depth: 0 });
        containers.push({ at: nodes.length - 1, kind: 'Array', count: most.length });
        return { turn: containers.length - 1, count: most.length };
      },
      // Of the promises that variables lead to those that were there at the first look, each after its place.
      waited(before) {
        const known = new Set(before.waits.map((each) => each.deref()));
        return promises.filter((at) => known.has(nodes[at].value)).flatMap((at) => [at, nodes[at].value]);
      },
      // The last container is held no longer.
      forget() { containers.pop(); nodes.pop(); weighed = undefined; return {}; },
      way(at) { return { path: pathOf(at) }; },
      // The place of a container of promises that no variable leads to.
      living(promises) {
        const found = promises.filter((each) => !seen.has(each));
        nodes.push({ value: found, parent: -1, kind: 'promises', name: '', depth: 0 });
        containers.push({ at: nodes.length - 1, kind: 'Array', count: found.length });
        return { turn: containers.length - 1, count: found.length };
      },
      within(turns, ...values) {
        values.forEach((value, turn) => weighed.rough(value, weighed.parts[turns[turn]], 1500));
      },
      functions() { return weighed.parts.flatMap((part, turn) => part.functions.flatMap((code) => [turn, code])); },
      caught(turns, ...scopes) {
        scopes.map(variablesOf).forEach((scope, turn) => {
          const part = weighed.parts[turns[turn]];
          part.inside = true;
          for (const key of keysOf(scope)) weighed.rough(own(scope, key), part, 1500);
        });
      },
      weights() { return weighed.tell(); },
    };
  };
  const builtin = (name) => (process.getBuiltinModule || process.mainModule.require).call(process.mainModule, name);
  return { make, timeouts() {
    // What timers have in common; nothing where the program has put its own in their place.
    if (builtin('timers').setTimeout !== setTimeout) return {};
    const timer = setTimeout(() => {}, 2 ** 30);
    clearTimeout(timer);
    return protoOf(timer);
  }, remember(...codes) { this.codes = codes; }, named(names) {
    // Functions by name, one of each text.
    const wanted = new Set(names), found = new Map();
    for (const code of this.functions) {
      if (typeof code !== 'function' || isProxy(code) || keysOf(code).length > FEW) continue;
      const name = own(code, 'name');
      if (!wanted.has(typeof name === 'string' ? name : '')) continue;
      const words = text.call(code);
      if (words.length < 2000000 && !isNative(code) && !found.has(words)) found.set(words, code);
    }
    this.functions = undefined;
    return [...found.values()].slice(0, 1500);
  } };
})"""

LOOK: Final = (
    "((MOST, MS, LEAST, SAMPLED, WEIGHED, MOST_PROMISES) => {\n"
    + MEANS
    + _WALK
    + WEIGH
    + _LOOK
    + f"({MOST_OBJECTS}, {WALKS_MS}, {LEAST_ITEMS}, {SAMPLED}, {WEIGHED}, {MOST_PROMISES})"
)
"""The expression: an object with ``make`` and ``named``, or a text that says why there is none."""
