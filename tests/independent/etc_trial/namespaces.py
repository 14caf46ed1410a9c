"""A small machine of its own: PID, mount, network and host name, gone with everything in it when its init ends.

`inside` runs this program again in it: its first process collects orphans and ends with what its work ended with; where
the one outside dies, the kernel ends the first process and so all others; mounts go with the last of them.
"""
import ctypes
import os
import signal
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG = 1
MARK = "ETC_TRIAL_INSIDE"


def mount(source, target, kind=None, flags=0, data=None):
    """mount(2), by itself: no program that writes /etc/mtab or /run."""
    given = [None if one is None else os.fsencode(one) for one in (source, target, kind)]
    if LIBC.mount(*given, ctypes.c_ulong(flags), None if data is None else os.fsencode(data)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def furnish(root):
    """What programs expect of a running system; the host's devices are lent one by one."""
    mount("proc", f"{root}/proc", "proc")
    mount("tmpfs", f"{root}/dev", "tmpfs", 0, "mode=755,size=1m")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        open(f"{root}/dev/{name}", "wb").close()
        mount(f"/dev/{name}", f"{root}/dev/{name}", None, MS_BIND)
    for name, kind, options in (("shm", "tmpfs", "mode=1777"), ("pts", "devpts", "newinstance,ptmxmode=0666,mode=620")):
        os.mkdir(f"{root}/dev/{name}")
        mount(kind, f"{root}/dev/{name}", kind, 0, options)
    os.symlink("pts/ptmx", f"{root}/dev/ptmx")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    mount("tmpfs", f"{root}/run", "tmpfs", 0, "mode=755")
    os.mkdir(f"{root}/run/sendsigs.omit.d")
    os.mkdir(f"{root}/run/lock")
    os.chmod(f"{root}/run/lock", 0o1777)


def as_init(work):
    """Runs `work` in a child; collects everything that is orphaned meanwhile; ends with its status."""
    child = os.fork()
    if child == 0:
        try:
            status = work()
            sys.stdout.flush()
        except SystemExit as end:
            print(end.code, file=sys.stderr)
            status = 1
        except BaseException:  # the trace is all that is left to say
            import traceback
            traceback.print_exc()
            status = 1
        os._exit(status)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(1))
    while True:
        ended, status = os.wait()
        if ended == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def inside(arguments, work, network=False, seconds=None):
    """Runs `work` in a machine of its own and returns its exit status. Outside, this program is started again with the
    same arguments; `network` keeps the host's, to fetch packages."""
    if os.environ.get(MARK) == str(network):
        mount(None, "/", None, MS_REC | MS_PRIVATE)
        mount("proc", "/proc", "proc")
        if not network:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            subprocess.run(["hostname", "trial"], check=True)
        as_init(work)
    command = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
    command += [] if network else ["--net"]
    command += [sys.executable, *arguments]
    process = subprocess.Popen(command, env={**os.environ, MARK: str(network)},
                               preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))

    def end(*_):
        process.kill()
        process.wait()
        sys.exit(1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        print(f"the trial took longer than {seconds} s and was ended", file=sys.stderr)
        return 1
