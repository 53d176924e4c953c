"""What the first process of a container does: starts one program, passes signals on, reaps whoever is left to it."""

import os
import signal
import sys

child = os.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda received, frame: os.kill(child, received))
while os.waitpid(-1, 0)[0] != child:
    pass
