"""``python -m lab.cluster``: a real Kubernetes on this machine, for a command or until it is stopped."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from lab.cluster import crowd, elsewhere
from lab.cluster.build import Programs, kwok, programs, state_metrics
from lab.cluster.cluster import Cluster
from lab.cluster.images import archives
from lab.cluster.place import Place
from oakum.model.errors import CallerError, MachineError, OakumError

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CHILD_ENDS_WITHIN_S = 30.0


def main() -> int:
    chosen = _parse()
    try:
        with _interrupting():
            return _act(chosen)
    except OakumError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    except subprocess.CalledProcessError as exc:
        said = exc.stderr if isinstance(exc.stderr, str) else (exc.stderr or b"").decode(errors="replace")
        what = f"{exc.cmd[0]} failed"
        print(MachineError(what, why=said.strip(), next_step=shlex.join(map(str, exc.cmd))), file=sys.stderr)
        return MachineError.exit_code
    except KeyboardInterrupt:
        return 130


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.cluster", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    name = argparse.ArgumentParser(add_help=False)
    name.add_argument(
        "--name",
        default=os.environ.get("OAKUM_LAB_CLUSTER", "lab"),
        help="which; two of two names stand beside each other",
    )
    run = verbs.add_parser("run", parents=[name], help="a command with KUBECONFIG set; the cluster ends with it")
    run.add_argument("command", nargs="+", help="where KUBECONFIG is set already, it runs on that cluster, after a yes")
    start = verbs.add_parser("start", parents=[name], help="until it is stopped")
    for verb in (run, start):
        verb.add_argument("--control-plane", action="store_true", help="no node: an API server and what is behind it")
    verbs.add_parser("stop", parents=[name], help="everything of it, and what a crash left of it")
    verbs.add_parser("status", parents=[name], help="what runs, and where its kubeconfig lies")
    for one, help_ in (("end", "kill one component, as a crash would"), ("resume", "start it again as it was")):
        verbs.add_parser(one, parents=[name], help=help_).add_argument("component")
    crowd_ = verbs.add_parser("crowd", parents=[name], help="pods on nodes that do not exist, in a cluster that runs")
    crowd_.add_argument("pods", type=int)
    verbs.add_parser("build", help="all that is made once and kept, so that a start takes seconds")
    verbs.add_parser("images", help="the archives of all images, for clusters that are not ours")
    return parser.parse_args()


def _act(chosen: argparse.Namespace) -> int:
    if chosen.verb in {"build", "images"}:
        if chosen.verb == "build":
            print(programs().folder, state_metrics(), kwok(), sep="\n")
        print("\n".join(str(image.path) for image in archives()))
        return 0
    named = os.environ.get("KUBECONFIG")
    if chosen.verb == "run" and named:
        if named != str(Place(chosen.name).kubeconfig):
            ask = input if sys.stdin.isatty() else None
            print(f"on {elsewhere.agree(os.environ, Path.home(), ask)}", file=sys.stderr)
        return subprocess.run(chosen.command, check=False).returncode
    cluster = Cluster(Place(chosen.name))
    if chosen.verb == "status":
        for process in cluster.running():
            print(f"{process.name:24} pid {process.pid:<8} {cluster.log(process.name)}")
        print(cluster.place.kubeconfig if cluster.stands else "it does not stand")
    elif chosen.verb == "end":
        cluster.end(chosen.component)
    elif chosen.verb == "resume":
        cluster.resume(chosen.component)
    elif chosen.verb == "crowd":
        _crowd(cluster, chosen.pods)
    else:
        with cluster.held():
            return _hold(cluster, chosen)
    return 0


def _crowd(cluster: Cluster, pods: int) -> None:
    built = programs()
    cluster.add(crowd.component(cluster.place))
    crowd.fill(cluster.place, built, pods)
    if cluster.has_node:
        cluster.add(crowd.kubelets(cluster.place, built))


def _hold(cluster: Cluster, chosen: argparse.Namespace) -> int:
    if chosen.verb == "run":
        return _run(cluster, chosen.command, nodes=not chosen.control_plane)
    if chosen.verb == "stop":
        with _undisturbed():
            cluster.stop()
    else:
        if cluster.stands:
            raise CallerError(
                f"the cluster {cluster.place.name} stands already",
                why=f"its kubeconfig is {cluster.place.kubeconfig}",
                next_step=f"python -m lab.cluster stop --name {cluster.place.name}",
            )
        _start(cluster, programs(), nodes=not chosen.control_plane)
        cluster.keep()
        print(f"export KUBECONFIG={cluster.place.kubeconfig}")
    return 0


def _run(cluster: Cluster, command: Sequence[str], *, nodes: bool) -> int:
    """A cluster that somebody started is used, and left as it is."""
    built = programs()
    if cluster.stands:
        return _child(command, cluster, built)
    try:
        _start(cluster, built, nodes=nodes)
        return _child(command, cluster, built)
    finally:
        with _undisturbed():
            cluster.stop()


def _start(cluster: Cluster, built: Programs, *, nodes: bool) -> None:
    """Whole, or not at all."""
    try:
        cluster.start(built, nodes=nodes)
    except BaseException:
        with _undisturbed():
            cluster.stop()
        raise


def _child(command: Sequence[str], cluster: Cluster, built: Programs) -> int:
    """Ctrl-C reaches it too: it is waited for, so that its own cleaning up still has a cluster."""
    environment = {
        **os.environ,
        "KUBECONFIG": str(cluster.place.kubeconfig),
        "OAKUM_LAB_CLUSTER": cluster.place.name,
        "PATH": f"{built.folder}:{os.environ['PATH']}",
    }
    with subprocess.Popen(command, env=environment) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            with _undisturbed():
                child.terminate()
                try:
                    child.wait(CHILD_ENDS_WITHIN_S)
                except subprocess.TimeoutExpired:
                    child.kill()
            raise


@contextmanager
def _interrupting() -> Iterator[None]:
    """What ends us ends us in order, whatever it is; also where Ctrl-C was ignored when we began."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled_by(interrupt):
        yield


@contextmanager
def _undisturbed() -> Iterator[None]:
    with _handled_by(signal.SIG_IGN):
        yield


@contextmanager
def _handled_by(handler: object) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in ENDINGS}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


if __name__ == "__main__":
    sys.exit(main())
