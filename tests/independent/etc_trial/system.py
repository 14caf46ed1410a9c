"""A Debian 12 with services installed in a folder of its own.

Made once per set of packages (`base-KEY`) and kept; each run works on a copy of all but /usr, which is lent read-only.
Packages that were fetched are kept, too.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess

import namespaces
import reference

MIRROR = os.environ.get("ETC_TRIAL_MIRROR", "http://deb.debian.org/debian")
SUITE = "bookworm"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
               "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive", "DEBCONF_NONINTERACTIVE_SEEN": "true"}


def packages_of(services):
    names = {"procps", "iproute2", "netbase", "ca-certificates", "logrotate", "sudo", "acl", "adduser"}
    return sorted(names.union(*(service.packages.split() for service in services)))


def base_of(work, services):
    setup = "\n".join(packages_of(services) + [service.setup for service in services])
    return work / f"base-{hashlib.sha256(setup.encode()).hexdigest()[:12]}"


def in_root(root, *command, seconds=600, check=True, quiet=True):
    """Runs a command in that system; what it says is shown only where it fails."""
    done = subprocess.run(["chroot", root, *command], env=ENVIRONMENT, stdin=subprocess.DEVNULL, timeout=seconds,
                          stdout=subprocess.PIPE if quiet else None, stderr=subprocess.STDOUT if quiet else None)
    if check and done.returncode != 0:
        told = (done.stdout or b"").decode(errors="replace")[-4000:]
        raise SystemExit(f"{' '.join(command)[:200]} ended with {done.returncode} in {root}:\n{told}")
    return done


def make(work, services):
    """The base system; called in a machine that has the host's network."""
    base, making = base_of(work, services), work / "making"
    cache = work / "packages"
    remove(making)
    (cache / "partial").mkdir(parents=True, exist_ok=True)
    print(f"making a Debian {SUITE} with {len(services)} services in {base} (once)", flush=True)
    if subprocess.run(["debootstrap", "--variant=minbase", f"--cache-dir={cache}", SUITE, making, MIRROR],
                      stdout=subprocess.DEVNULL, timeout=1800).returncode != 0:
        raise SystemExit(f"debootstrap could not make a Debian from {MIRROR} (ETC_TRIAL_MIRROR names another mirror)")
    namespaces.furnish(making)
    archives = making / "var/cache/apt/archives"
    namespaces.mount(cache, archives, None, namespaces.MS_BIND)
    shutil.copy("/etc/resolv.conf", making / "etc/resolv.conf")
    policy = making / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    in_root(making, "apt-get", "-o", "Acquire::Check-Date=false", "update")
    in_root(making, "apt-get", "install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold",
            "-o", "APT::Keep-Downloaded-Packages=true", *packages_of(services), seconds=3000)
    policy.unlink()
    (making / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    (making / "etc/resolv.conf").chmod(0o644)
    (making / "etc/hosts").write_text("127.0.0.1 localhost trial\n")
    (making / "etc/hostname").write_text("trial\n")
    for service in services:
        if service.setup:
            in_root(making, "sh", "-c", service.setup)
    for place in ("dev/pts", "dev/shm"):
        subprocess.run(["umount", making / place], check=True)
    subprocess.run(["umount", "-l", archives, making / "dev", making / "run", making / "proc"], check=True)
    os.rename(making, base)
    return 0


def remove(folder):
    """A system and all in it, immutable files, too; what is mounted below stays."""
    for here, _, names in os.walk(folder / "etc"):
        for name in names:
            full = os.path.join(here, name)
            if os.path.isfile(full) and not os.path.islink(full) and reference.flags_of(full):
                reference.set_flags(full, 0)
    subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)


def copy(work, services):
    """A root of its own for one run, /usr lent read-only; called in the machine of the run."""
    base, root = base_of(work, services), work / "root"
    remove(root)
    root.mkdir()
    for name in sorted(os.listdir(base)):
        if name == "usr":
            (root / name).mkdir()
            namespaces.mount(base / name, root / name, None, namespaces.MS_BIND)
            namespaces.mount(None, root / name, None, namespaces.MS_BIND | namespaces.MS_REMOUNT | namespaces.MS_RDONLY)
        else:
            subprocess.run(["cp", "-a", "--reflink=auto", base / name, root / name], check=True)
    namespaces.furnish(root)
    return pathlib.Path(root)
