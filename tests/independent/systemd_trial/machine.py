"""A small machine that systemd runs: namespaces and a control group of its own, the programs and the packages of this
one, and whatever is changed of them, /etc, /var and /run live in memory and are gone with it.

Run as a program it is that machine's way up: first in a mount namespace of its own, then as its first process.
"""
import ctypes
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))  # what trials share lies beside them
import waiting  # noqa: E402

MS_NOSUID, MS_BIND, MS_REC, MS_PRIVATE = 2, 4096, 16384, 1 << 18
MNT_DETACH = 2
LIBC = ctypes.CDLL(None, use_errno=True)
SYSTEMD = "/lib/systemd/systemd"
# What programs look up, and nothing that is enabled here.
ETC = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "dbus-1", "os-release",
       "alternatives", "shadow", "default", "init.d", "apt", "dpkg", "debconf.conf", "nginx", "logrotate.d", "ufw")
# What is known of packages.
VAR = ("lib/dpkg", "lib/apt/extended_states", "cache/debconf", "lib/nginx", "lib/systemd/deb-systemd-helper-enabled",
       "www")


def mount(source, target, kind=None, flags=0, data=None):
    given = [None if one is None else os.fsencode(one) for one in (source, target, kind)]
    if LIBC.mount(*given, ctypes.c_ulong(flags), None if data is None else os.fsencode(data)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def cannot():
    """Why no such machine can be had here; None where it can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [one for one in ("unshare", "nsenter", "systemctl", "dbus-daemon", SYSTEMD) if not shutil.which(one)]
    if missing:
        return f"needs {', '.join(missing)}"
    if not os.path.islink("/lib"):
        return "needs a system whose /lib is a link into /usr"
    tried = subprocess.run(["unshare", "--mount", "--pid", "--net", "--cgroup", "--fork", "sh", "-c",
                            "mount -t tmpfs tmpfs /mnt && mkdir /mnt/c /mnt/u /mnt/w /mnt/m &&"
                            "mount -t cgroup2 cgroup2 /mnt/c &&"
                            "mount -t overlay -o lowerdir=/usr,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/m"],
                           capture_output=True, text=True)
    return None if tried.returncode == 0 else "needs namespaces, a cgroup2 and an overlay of its own: " + tried.stderr.strip()


def furnish(root, shared):
    """The file system of the machine, below `root`."""
    mount("tmpfs", root, "tmpfs", 0, "mode=755")
    for name in ("usr", "etc", "var/log", "var/lib", "var/tmp", "root", "tmp", "run", "dev", "proc", "sys", "mnt",
                 "srv"):
        os.makedirs(f"{root}/{name}")
    os.chmod(f"{root}/tmp", 0o1777)
    for name in ("usr", "work"):
        os.makedirs(f"{root}/changed/{name}")
    mount("overlay", f"{root}/usr", "overlay", 0,
          f"lowerdir=/usr,upperdir={root}/changed/usr,workdir={root}/changed/work")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink(f"/{name}"):
            os.symlink(os.readlink(f"/{name}"), f"{root}/{name}")
    for path in [f"etc/{name}" for name in ETC] + [f"var/{name}" for name in VAR]:
        os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
        if os.path.isdir(f"/{path}"):
            shutil.copytree(f"/{path}", f"{root}/{path}", symlinks=True)
        elif os.path.exists(f"/{path}"):
            shutil.copy(f"/{path}", f"{root}/{path}")
    os.makedirs(f"{root}/var/log/nginx")
    os.makedirs(f"{root}/var/cache/apt/archives/partial")
    os.makedirs(f"{root}/var/lib/apt/lists/partial")
    os.symlink("/run", f"{root}/var/run")
    if os.path.exists(f"{root}/usr/sbin/policy-rc.d"):  # of a container, where maintainer scripts start nothing
        os.remove(f"{root}/usr/sbin/policy-rc.d")
    pathlib.Path(f"{root}/etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    os.makedirs(f"{root}/etc/systemd/system")
    pathlib.Path(f"{root}/etc/systemd/system/trial.target").write_text(
        "[Unit]\nRequires=sysinit.target\nWants=dbus.service dbus.socket\nAllowIsolate=yes\n")
    mount(shared, f"{root}/srv", None, MS_BIND)
    mount("proc", f"{root}/proc", "proc")
    mount("tmpfs", f"{root}/sys", "tmpfs")
    os.makedirs(f"{root}/sys/fs/cgroup")
    mount("cgroup2", f"{root}/sys/fs/cgroup", "cgroup2")
    mount("tmpfs", f"{root}/run", "tmpfs", MS_NOSUID, "mode=755")
    mount("tmpfs", f"{root}/dev", "tmpfs", 0, "mode=755")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        open(f"{root}/dev/{name}", "wb").close()
        mount(f"/dev/{name}", f"{root}/dev/{name}", None, MS_BIND)
    for name, options in (("shm", "mode=1777"), ("pts", None)):
        os.mkdir(f"{root}/dev/{name}")
        mount("tmpfs" if options else "devpts", f"{root}/dev/{name}", "tmpfs" if options else "devpts", 0,
              options or "newinstance,ptmxmode=0666,mode=620")
    os.symlink("pts/ptmx", f"{root}/dev/ptmx")
    os.symlink("/proc/self/fd", f"{root}/dev/fd")


def first_process(root, shared, tell):
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    furnish(root, shared)
    os.chdir(root)
    if LIBC.syscall(155, b".", b"mnt") != 0:  # pivot_root
        raise OSError(ctypes.get_errno(), "pivot_root")
    if LIBC.umount2(b"/mnt", MNT_DETACH) != 0:
        raise OSError(ctypes.get_errno(), "umount2")
    os.write(int(tell), b"about to be systemd")
    os.close(int(tell))
    environment = {"container": "trial", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    os.execve(SYSTEMD, [SYSTEMD, "--system", "--unit=trial.target", "--log-target=console", "--show-status=0"],
              environment)


def in_group(root, shared, tell):
    """Waits for the machine's end in a mount namespace, then takes its control groups away."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs")
    groups = pathlib.Path(root, "groups")
    groups.mkdir()
    mount("cgroup2", str(groups), "cgroup2")
    own = groups / f"systemd-trial-{os.getpid()}"
    own.mkdir()
    place = pathlib.Path(root, "root")
    place.mkdir()
    (own / "cgroup.procs").write_text(str(os.getpid()))
    machine = subprocess.Popen(["unshare", "--cgroup", "--pid", "--mount", "--net", "--uts", "--ipc", "--fork",
                                "--kill-child", sys.executable, __file__, "first", str(place), shared, tell],
                               pass_fds=[int(tell)], preexec_fn=lambda: LIBC.prctl(1, signal.SIGKILL))
    os.close(int(tell))
    (groups / "cgroup.procs").write_text(str(os.getpid()))
    signal.signal(signal.SIGTERM, lambda *_: machine.kill())
    machine.wait()
    # The last of its processes may still be on its way out; the kernel tells when the groups are empty.
    waiting.until(lambda: "populated 0" in (own / "cgroup.events").read_text(), 10, own / "cgroup.events")
    for folder in sorted((path for path in own.rglob("*") if path.is_dir()), reverse=True):
        folder.rmdir()
    own.rmdir()


class Machine:
    """Up until `end`. `shared` is a folder of this machine that is /srv in that one."""

    def __init__(self, place, shared, log):
        os.makedirs(place, exist_ok=True)
        told, tell = os.pipe()
        self.process = subprocess.Popen(["unshare", "--mount", sys.executable, __file__, "group", place, shared,
                                         str(tell)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        pass_fds=[tell], preexec_fn=lambda: LIBC.prctl(1, signal.SIGTERM))
        os.close(tell)
        self.init = self.find_init(told, 60)
        self.lives = os.pidfd_open(self.init)
        self.until(lambda: self.run("systemctl", "is-active", "--quiet", "trial.target").returncode == 0, 120,
                   "systemd did not come up")

    def find_init(self, told, seconds):
        """Its first process, which tells when it is about to be systemd; it has no children by then."""
        is_told = select.select([told], [], [], seconds)[0] and os.read(told, 100)
        os.close(told)
        if not is_told:
            raise SystemExit("the machine of the trial did not start")
        return self.descendants(self.process.pid)[-1]

    def descendants(self, pid):
        try:
            children = [int(one) for one in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []
        return children + [one for child in children for one in self.descendants(child)]

    def start(self, *command, **options):
        return subprocess.Popen(["nsenter", "-t", str(self.init), "-a", "--wdns=/", *command], stdin=subprocess.DEVNULL,
                                text=True, **options)

    def run(self, *command, seconds=180):
        process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            process.out = process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.out = process.communicate()[0] + f"\nended after {seconds} s"
        return process

    def show(self, unit, name):
        return self.run("systemctl", "show", "--value", "-p", name, unit).out.strip()

    def until(self, condition, seconds, otherwise):
        """Asks again and again: states of units, answers and a ledger in there have no event in common out here."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{otherwise} within {seconds} s")
            if select.select([self.lives], [], [], 0.05)[0]:
                raise AssertionError(f"{otherwise}: the machine ended")

    def end(self):
        try:
            os.kill(self.init, signal.SIGKILL)
        except OSError:
            pass
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


if __name__ == "__main__":
    {"group": in_group, "first": first_process}[sys.argv[1]](*sys.argv[2:])
