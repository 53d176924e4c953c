"""What a walk through a Node.js program reads its objects by: own data properties, sizes, members of containers.

It calls no getter, no trap of a Proxy and no method of the program: where the program has put code of its own in the
place of a built-in function that is used, ``node_built_ins`` says so before it runs.
"""

from __future__ import annotations

from typing import Final

MEANS: Final = r"""
  const describe = Object.getOwnPropertyDescriptor, keysOf = Reflect.ownKeys, protoOf = Object.getPrototypeOf;
  const getter = (of, name) => { const told = describe(of, name); return told && told.get; };
  const sizeOfMap = getter(Map.prototype, 'size'), sizeOfSet = getter(Set.prototype, 'size');
  const mapEntries = Map.prototype.entries, setValues = Set.prototype.values;
  const mapHas = Map.prototype.has, setHas = Set.prototype.has, text = Function.prototype.toString;
  const nextOf = (iterator) => protoOf(iterator).next;
  const mapNext = nextOf(new Map().entries()), setNext = nextOf(new Set().values());
  const native = /^function [\w ]+\([^]*\{\s*\[native code\]\s*\}$/;
  const isNative = (code) => typeof code === 'function' && native.test(text.call(code));
  const util = process.getBuiltinModule ? process.getBuiltinModule('util')
    : process.mainModule ? process.mainModule.require('util') : undefined;
  if (!util) return 'it cannot tell a Proxy from an object (an ES module before Node.js 20.16)';
  const used = [describe, keysOf, protoOf, sizeOfMap, sizeOfSet, mapEntries, setValues, mapHas, setHas, mapNext,
    setNext, text, Array.isArray, ArrayBuffer.isView, WeakRef, WeakRef.prototype.deref, Map, Set,
    Map.prototype.get, Map.prototype.set, Set.prototype.add, Set.prototype.clear, Array.prototype.push];
  if (!used.every(isNative)) return 'the program has put code of its own in the place of built-in functions';
  const { isMapIterator, isSetIterator, isWeakMap, isWeakSet, isArgumentsObject, isBoxedPrimitive, isDate,
    isNativeError } = util.types;
  const { isProxy, isMap, isSet, isAnyArrayBuffer, isRegExp, isPromise, isModuleNamespaceObject } = util.types;
  const isThing = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  const own = (object, key) => {
    let told;
    try { told = describe(object, key); } catch {}
    return told && 'value' in told ? told.value : undefined;
  };
  const constructorOf = (object) => {
    const proto = protoOf(object);
    if (!proto || isProxy(proto)) return undefined;
    const made = own(proto, 'constructor');
    return typeof made === 'function' && !isProxy(made) ? made : undefined;
  };
  const classOf = (object) => {
    if (isProxy(object)) return 'Proxy';
    const made = constructorOf(object), name = made ? own(made, 'name') : '';
    return typeof name === 'string' ? name.slice(0, 100) : '';
  };
  const kindOf = (object) => {
    if (typeof object === 'function') return 'function';
    if (isMap(object)) return 'Map';
    if (isSet(object)) return 'Set';
    if (Array.isArray(object)) return 'Array';
    return ArrayBuffer.isView(object) || isAnyArrayBuffer(object) ? 'bytes' : 'Object';
  };
  const countOf = (kind, object, keys) => kind === 'Map' ? sizeOfMap.call(object) : kind === 'Set'
    ? sizeOfSet.call(object) : kind === 'Array' ? own(object, 'length') : kind === 'Object' ? keys.length : 0;
  // Whose own properties the inspector may be asked for: it makes a wrapper for each, and for each member of what it
  // knows as a collection; and it describes each value by its properties ``stack``, ``message`` and ``splice``.
  const FEW = 64;
  const calls = (value) => {
    if (isNativeError(value) || isDate(value)) return true;
    for (let now = value; now; now = protoOf(now)) {
      if (isProxy(now) || isNativeError(now)) return true;
      for (const name of ['stack', 'message', 'splice']) {
        const told = describe(now, name);
        if (told && (told.get || told.set)) return true;
      }
    }
    return false;
  };
  const isCollection = (value) => isMap(value) || isSet(value) || isWeakMap(value) || isWeakSet(value) ||
    isMapIterator(value) || isSetIterator(value) || isArgumentsObject(value) || isBoxedPrimitive(value) ||
    isPromise(value) || Array.isArray(value) || describe(value, 'length') !== undefined;
  const isTame = (kind, value, keys) => {
    if ((kind !== 'Object' && kind !== 'function') || keys.length > FEW) return false;
    if (calls(value) || (kind === 'Object' && isCollection(value))) return false;
    for (const key of keys) {
      const held = own(value, key);
      if (!isThing(held) || typeof held === 'function' || isProxy(held)) continue;
      if (calls(held) || (!Array.isArray(held) && describe(held, 'length') !== undefined)) return false;
    }
    return true;
  };
  const nameOf = (key) => (typeof key === 'symbol' ? `[${key.description || ''}]` : `${key}`).slice(0, 100);
  const plain = (keys) => keys.filter((key) => key !== 'prototype' && key !== 'caller' && key !== 'arguments');
  // The next of a linked list by ``key``: of the same class; of plain objects one that has that key too.
  const nextIn = (object, key, made) => {
    const next = own(object, key);
    if (!isThing(next) || typeof next === 'function' || isProxy(next) || constructorOf(next) !== made) return undefined;
    return describe(next, key) ? next : undefined;
  };
  const isNext = (object, key, made) => made && !isNeighbour(key) &&
    nextIn(object, key, made) !== undefined;
  // So many links of lists are followed in one walk; the clock is looked at after each 4,096.
  const MOST_LINKS = 500000, LOOKED_LINKS = 4096, POST = 64;
  // Members ``at`` (ascending places) of a container, as [key, value]; ``by``: the key of a linked list.
  const membersAt = (kind, object, at, by) => {
    const found = [];
    if (kind === 'List') {
      const made = constructorOf(object), last = at.length ? at[at.length - 1] : -1;
      for (let place = 0, turn = 0, now = object; place <= last && now; place++, now = nextIn(now, by, made)) {
        if (place === at[turn]) { turn++; found.push([place, now]); }
      }
    } else if (kind === 'Array') for (const place of at) found.push([place, own(object, place)]);
    else if (kind === 'Object') {
      const keys = keysOf(object);
      for (const place of at) if (place < keys.length) found.push([keys[place], own(object, keys[place])]);
    } else {
      const isOfMap = kind === 'Map', iterator = isOfMap ? mapEntries.call(object) : setValues.call(object);
      const next = isOfMap ? mapNext : setNext, last = at.length ? at[at.length - 1] : -1;
      for (let place = 0, turn = 0; place <= last; place++) {
        const step = next.call(iterator);
        if (step.done) break;
        if (place !== at[turn]) continue;
        turn++;
        found.push(isOfMap ? step.value : [step.value, step.value]);
      }
    }
    return found;
  };
  const evenly = (from, to, most) => {
    const many = Math.min(most, Math.max(0, to - from)), at = [];
    for (let turn = 0; turn < many; turn++) at.push(from + Math.floor((turn * (to - from)) / many));
    return at;
  };
  // The inspector gives a scope as [[Scopes]] has it: what holds its variables is its property ``object``.
  const variablesOf = (scope) => {
    const held = own(scope, 'object');
    return isThing(held) && !isProxy(held) ? held : {};
  };
  // A timer stands in a ring with others of its list, and owns none of them.
  const isNeighbour = (key) => key === '_idlePrev' || key === '_idleNext';
  const weak = (value) => isThing(value) ? new WeakRef(value) : value;
  // Those that keep the program alive; Node.js before 17.3 does not tell.
  const timersOf = () => {
    const told = own(process, 'getActiveResourcesInfo');
    return isNative(told) ? told.call(process).filter((kind) => kind === 'Timeout').length : 0;
  };
"""
