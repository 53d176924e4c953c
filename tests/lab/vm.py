"""A small virtual machine for what the kernel of this one does not show: cgroup v2, its pressure, its group kills.

It boots Debian's own kernel on this machine's files, which it may read and not write: what it writes goes to its memory
and is gone with it. The kernel's package is fetched once and kept by its version, outside the tree.
"""

from __future__ import annotations

import re
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MODULES = (
    "drivers/virtio/virtio_ring",
    "drivers/virtio/virtio",
    "drivers/virtio/virtio_pci_modern_dev",
    "drivers/virtio/virtio_pci_legacy_dev",
    "drivers/virtio/virtio_pci",
    "fs/netfs/netfs",
    "fs/fscache/fscache",
    "net/9p/9pnet",
    "net/9p/9pnet_virtio",
    "fs/9p/9p",
    "fs/overlayfs/overlay",
)
"""In the order of their needs; those that are there. Before 6.1 there is no netfs, since 6.8 no fscache of its own."""

INIT = """#!/bin/busybox sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read module; do insmod /modules/$module.ko; done < /modules/order
mkdir -p /under /over /root /said
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=524288,cache=loose under /under
mount -t tmpfs over /over
mkdir /over/up /over/work
mount -t overlay -o lowerdir=/under,upperdir=/over/up,workdir=/over/work over /root
mount -t 9p -o rw,trans=virtio,version=9p2000.L,msize=524288 said /said
for name in proc sys dev; do mount --move /$name /root/$name; done
mount -t tmpfs run /root/run
mkdir -p /root/dev/shm /root/dev/pts
mount -t tmpfs shm /root/dev/shm
mount -t devpts pts /root/dev/pts
mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
for name in $(cat /root/sys/fs/cgroup/cgroup.controllers); do
    echo +$name > /root/sys/fs/cgroup/cgroup.subtree_control
done
ip link set lo up
chroot /root /bin/sh -c "$(cat /said/command)" > /said/out 2>&1 < /root/dev/null
echo $? > /said/code
sync
poweroff -f
"""

APPLETS = ("cat", "chroot", "insmod", "ip", "mkdir", "mount", "poweroff", "sh", "sync")
BUSYBOX = Path("/bin/busybox")
QEMU = "qemu-system-x86_64"
LONGEST_S = 1200.0


@dataclass(frozen=True, slots=True)
class Said:
    """``console``: the kernel's words, from the first to the last."""

    code: int
    out: str
    console: str


def missing() -> list[str]:
    """Debian's packages that are wanted, and not there."""
    wanted = [] if shutil.which(QEMU) else ["qemu-system-x86"]
    return wanted if BUSYBOX.exists() else [*wanted, "busybox-static"]


def run(command: Sequence[str], *, memory_mib: int = 3072, within_s: float = LONGEST_S) -> Said:
    """``command``, as root, in a machine with this one's files; no network."""
    boot = _boot()
    with tempfile.TemporaryDirectory(prefix="oakum-vm-") as folder:
        said = Path(folder)
        (said / "command").write_text(shlex.join(command), encoding="utf-8")
        arguments = [
            # It emulates both processors in software: others that watch real programs come first.
            "nice",
            "-n",
            "15",
            QEMU,
            *("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(memory_mib)),
            *("-kernel", str(boot / "vmlinuz"), "-initrd", str(boot / "initramfs")),
            *("-append", "console=ttyS0 quiet panic=-1 cgroup_no_v1=all psi=1 rdinit=/init"),
            *("-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
            *_share("under", Path("/"), readonly=True),
            *_share("said", said, readonly=False),
        ]
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=within_s,
            check=False,
        )
        code, out = said / "code", said / "out"
        assert code.exists(), f"it did not get that far: {done.stdout[-3000:]}{done.stderr[-1000:]}"
        return Said(
            int(code.read_text(encoding="ascii")), out.read_text(encoding="utf-8", errors="replace"), done.stdout
        )


def _share(name: str, path: Path, *, readonly: bool) -> list[str]:
    mode = ",readonly=on" if readonly else ""
    return [
        *("-fsdev", f"local,id={name},path={path},security_model=none,multidevs=remap{mode}"),
        *("-device", f"virtio-9p-pci,fsdev={name},mount_tag={name}"),
    ]


def _boot() -> Path:
    """The folder with ``vmlinuz`` and ``initramfs``."""
    shown = subprocess.run(
        ["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=True
    ).stdout
    package = re.findall(r"Depends: (linux-image-[\w.-]+)", shown)[0]
    cache = Path.home() / ".cache" / "oakum-lab" / "vm"
    folder = cache / package
    if (folder / "initramfs").exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        Path(work).chmod(0o755)
        subprocess.run(["apt-get", "download", "-qq", package], cwd=work, check=True, capture_output=True)
        (deb,) = Path(work).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", str(deb), "x"], cwd=work, check=True)
        made = Path(work) / "made"
        made.mkdir()
        (kernel,) = (Path(work) / "x" / "boot").glob("vmlinuz-*")
        shutil.copyfile(kernel, made / "vmlinuz")
        (modules,) = (Path(work) / "x" / "lib" / "modules").glob("*")
        (made / "initramfs").write_bytes(b"".join(_archive(modules / "kernel")))
        try:
            made.rename(folder)
        except OSError:
            assert (folder / "initramfs").exists(), "another test made it meanwhile"
    return folder


def _archive(modules: Path) -> Iterator[bytes]:
    """In cpio's "newc" form (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst)."""
    present = [name for name in MODULES if (modules / f"{name}.ko").exists()]
    files: list[tuple[str, int, bytes]] = [
        (name, stat.S_IFDIR | 0o755, b"") for name in ("bin", "dev", "proc", "sys", "modules")
    ]
    files += [
        *((f"bin/{name}", stat.S_IFLNK | 0o777, b"busybox") for name in APPLETS),
        ("bin/busybox", stat.S_IFREG | 0o755, BUSYBOX.read_bytes()),
        ("init", stat.S_IFREG | 0o755, INIT.encode()),
        ("modules/order", stat.S_IFREG | 0o644, "".join(f"{Path(name).name}\n" for name in present).encode()),
    ]
    files += [
        (f"modules/{Path(name).name}.ko", stat.S_IFREG | 0o644, (modules / f"{name}.ko").read_bytes())
        for name in present
    ]
    for number, (name, mode, content) in enumerate([*files, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % value for value in fields) + name.encode() + b"\0"
        yield head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)
