"""The CPythons that this machine has, one per minor version, and one that Debian's next release has.

Looked for in pyenv's folders and among the programs of the path. What is not there is told with the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
SUITE = "forky"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = (
    "python3.14-minimal", "libpython3.14-minimal", "libpython3.14-stdlib", "libc6", "libexpat1", "zlib1g", "libffi8",
    "libgcc-s1",
)  # fmt: skip
WITHIN_S = 120
"""Ten seconds are usual, the first time only."""


def python(version: str) -> tuple[list[str], str]:
    """(command, "") or ([], why there is none). ``version``: ``3.12``."""
    for path in _installed(version):
        if _says(path, version):
            return [path], ""
    return _debian() if version == "3.14" else ([], f"no python{version} in pyenv's folders or on the path")


def _installed(version: str) -> list[str]:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(folder / "bin" / "python") for folder in sorted(root.glob(f"{version}.*")) if folder.name[-1] != "t"]
    on_path = shutil.which(f"python{version}")
    return [*found, on_path] if on_path else found


def _says(path: str, version: str) -> bool:
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([path, "-c", asked], capture_output=True, text=True, check=False)
    return done.stdout.strip() == version


@cache
def _debian() -> tuple[list[str], str]:
    """3.14 with its own C library, in a folder of its own that is kept; nothing of this machine changes."""
    if os.geteuid() or not shutil.which("apt-get") or not KEYRING.exists():
        return [], f"neither pyenv nor the path has it, and only root on Debian can take {SUITE}'s"
    kept = Path.home() / ".cache" / "oakum-lab" / "python3.14"
    command = ["chroot", str(kept), "/usr/bin/python3.14"]
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            _fetch(kept)
        except (subprocess.SubprocessError, OSError) as exc:
            return [], f"{SUITE}'s could not be fetched: {exc}"
    return command, ""


def _mirror() -> str:
    """Where this machine takes its own packages from."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Identifier: Packages"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    found = [address for address in told if address.rstrip("/").endswith("/debian")]
    if not found:
        raise OSError("apt knows no archive of Debian")
    return found[0]


def _fetch(kept: Path) -> None:
    with tempfile.TemporaryDirectory(dir=kept.parent) as work:
        folder = Path(work)
        root, packages = folder / "root", folder / "packages"
        for made in (root, packages, folder / "lists" / "partial", folder / "cache" / "archives" / "partial"):
            made.mkdir(parents=True)
        (folder / "sources").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n", encoding="ascii")
        (folder / "conf").write_text(
            f'Dir::Etc::sourcelist "{folder}/sources";\nDir::Etc::sourceparts "-";\n'
            f'Dir::State::lists "{folder}/lists";\nDir::State::status "/dev/null";\n'
            f'Dir::Cache "{folder}/cache";\nAPT::Sandbox::User "root";\n',
            encoding="ascii",
        )
        environment = {**os.environ, "APT_CONFIG": str(folder / "conf")}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "download", "-qq", *PACKAGES]):
            subprocess.run(
                command, cwd=packages, env=environment, check=True, capture_output=True, timeout=WITHIN_S
            )  # fmt: skip
        for package in packages.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, root], check=True, capture_output=True)
        for name in ("lib64", "lib", "bin"):
            if not (root / name).exists():
                (root / name).symlink_to(f"usr/{name}")
        root.rename(kept)
