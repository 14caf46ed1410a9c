"""Waiting for the thing itself: an entry of a folder that changes, a process that ends, a line that a program prints.

The kernel wakes who waits (inotify, pidfd, a pipe); a time limit only ends a trial that is lost.
"""
import contextlib
import ctypes
import os
import select
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CHANGES = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200  # modified, attributes, written, moved, created, removed


class Changes:
    """Changes in folders, from its creation on. Folders below them are not watched."""

    def __init__(self, *folders):
        self.descriptor = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        for folder in folders:
            if LIBC.inotify_add_watch(self.descriptor, os.fsencode(folder), CHANGES) < 0:
                raise OSError(ctypes.get_errno(), f"inotify_add_watch of {folder}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)

    def wait(self, seconds, *others):
        """Until something changed, or one of the other descriptors can be read; false once the time has passed."""
        ready = select.select([self.descriptor, *others], [], [], max(0, seconds))[0]
        if self.descriptor in ready:
            os.read(self.descriptor, 65536)
        return bool(ready)


def until(holds, seconds, *folders):
    """Whether `holds()` becomes true in time; asked again whenever something in one of the folders changes."""
    deadline = time.monotonic() + seconds
    with Changes(*folders) as changes:  # before it is asked: what changes from here on is not missed
        while not holds():
            if not changes.wait(deadline - time.monotonic()):
                return holds()
    return True


@contextlib.contextmanager
def end_of(pid):
    """A descriptor that can be read once the process has ended; its parent need not have reaped it."""
    process = os.pidfd_open(pid)
    try:
        yield process
    finally:
        os.close(process)


def wait_for_end(pid, seconds):
    """Whether the process ends in time."""
    try:
        with end_of(pid) as process:
            return bool(select.select([process], [], [], seconds)[0])
    except ProcessLookupError:
        return True


def lines(stream, seconds):
    """The lines of a pipe as they come, without their ends; ends with the pipe, or once it waited for `seconds()`."""
    rest = b""
    descriptor = stream.fileno()
    while select.select([descriptor], [], [], max(0, seconds()))[0]:
        read = os.read(descriptor, 65536)
        if not read:
            return
        *whole, rest = (rest + read).split(b"\n")
        yield from whole
