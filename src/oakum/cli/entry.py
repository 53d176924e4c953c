"""The entry point: what it loads can be interrupted like what it runs."""

from __future__ import annotations


def run() -> None:
    """An interrupt while modules are loaded ends with a line and 130, as later ones do."""
    try:
        from oakum.cli.main import run as command  # noqa: PLC0415

        command()
    except KeyboardInterrupt:
        import sys  # noqa: PLC0415

        sys.stderr.write("oakum: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    run()
