"""Opening a file or folder as another process sees it, without ever leaving that process's root.

A target may be hostile. Its symbolic links would resolve against our root, its FIFO would hang us, its device node
would act on being opened. So each name is walked by itself, links are resolved here, and only a regular file is opened.
"""

from __future__ import annotations

import errno
import os
import stat

_MOST_LINKS = 40
"""As the kernel's own bound, against links in a circle."""


def open_regular(root: str, path: str) -> int:
    """A descriptor for reading the regular file ``path`` below ``root``. Raises OSError."""
    fd = _walk(root, path)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        # The very inode that was looked at, not whatever the name means by now.
        return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.close(fd)


def open_folder(root: str, path: str) -> int:
    """An O_PATH descriptor of the folder ``path`` below ``root``. Raises OSError."""
    fd = _walk(root, path)
    if not stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return fd


def _walk(root: str, path: str) -> int:
    """An O_PATH descriptor of ``path``: holds the place, opens nothing."""
    folders = [os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)]
    names, links = _names(path), 0
    try:
        while names:
            name = names.pop()
            if name == "..":
                if len(folders) > 1:
                    os.close(folders.pop())
                continue
            fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folders[-1])
            folders.append(fd)
            if not stat.S_ISLNK(os.fstat(fd).st_mode):
                continue
            links += 1
            if links > _MOST_LINKS:
                raise OSError(errno.ELOOP, "too many symbolic links", path)
            target = os.readlink("", dir_fd=fd)
            os.close(folders.pop())
            names += _names(target)
            if target.startswith("/"):
                _close_all(folders[1:])
                del folders[1:]
        return folders.pop()
    finally:
        _close_all(folders)


def _names(path: str) -> list[str]:
    """Last name first: a stack."""
    return [name for name in reversed(path.split("/")) if name not in {"", "."}]


def _close_all(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)
