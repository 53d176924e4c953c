"""How a Node.js process closes, by itself, the inspector that we opened.

``inspector.close()`` waits, on the program's own thread, until every client has answered or gone (node
src/inspector_socket.cc, WaitForCloseReply): a client that is suspended would stop the program. So the program closes it
only when its own /proc says that nobody is connected, and looks again later where somebody is.
"""

from __future__ import annotations

from typing import Final

# process.mainModule is none in an ES module, and asking it for anything ends such a program.
_CODE: Final = r"""((name, port, unseen, after) => {
  const again = 1000;
  const module = (of) => process.getBuiltinModule ? process.getBuiltinModule(of)
    : process.mainModule ? process.mainModule.require(of) : undefined;
  const isAlone = () => {
    const fs = module('fs'), end = ':' + port.toString(16).toUpperCase().padStart(4, '0');
    if (!fs) return unseen;
    const isConnected = (row) => {
      const [, at, , state] = row.trim().split(/ +/);
      return state === '01' && at.endsWith(end);
    };
    return !['tcp', 'tcp6'].some((table) => {
      try { return fs.readFileSync('/proc/self/net/' + table, 'latin1').split('\n').some(isConnected); } catch {}
      return false;
    });
  };
  const close = () => {
    if (!isAlone()) return wait(again);
    delete globalThis[name];
    try { process.getBuiltinModule ? module('inspector').close() : process._debugEnd(); } catch {}
  };
  const wait = (ms) => {
    const timer = setTimeout(close, ms);
    timer.unref();
    Object.defineProperty(globalThis, name, {value: timer, configurable: true});
  };
  clearTimeout(globalThis[name]);
  wait(after);
})"""


def closes_in(seconds: float, *, port: int, unseen: bool) -> str:
    """The expression that has it close ``port`` then, in the place of what was asked for before.

    ``unseen``: whether also where the program cannot see who is connected: an ES module before Node.js 20.16.
    """
    told = "true" if unseen else "false"
    return f"{_CODE}(Symbol.for('oakum.inspector'), {port}, {told}, {seconds * 1000:.0f})"
