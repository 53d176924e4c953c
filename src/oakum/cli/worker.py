"""The process apart that reads dumps; never started by hand."""

from __future__ import annotations

from oakum import wiring


def main() -> None:
    from oakum.host.apart import serve  # noqa: PLC0415
    from oakum.loop.heap import work  # noqa: PLC0415

    machine = wiring.machine()
    serve(lambda request, told, poured: work(request, machine=machine, told=told, poured=poured))


if __name__ == "__main__":
    main()
