"""What lies below a folder, taken down and compared in every respect; shares nothing with the program under trial.

A `Thing` is one name: its kind, mode, owner, group, access lists, extended attributes (capabilities are one), attribute
flags, content or link target; and, to tell whether it is still the same one, inode, links and time of the last write.
"""
import array
import dataclasses
import fcntl
import os
import shutil
import stat

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
         stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
GETFLAGS, SETFLAGS = 0x80086601, 0x40086602
LASTING_FLAGS = 0x10 | 0x20 | 0x40 | 0x80  # immutable, append only, no dump, no atime
ALWAYS = ("kind", "mode", "uid", "gid", "acl", "xattrs", "flags", "content")
OWN_FOLDER = b".autoheal"  # where the program under trial stages what it writes


@dataclasses.dataclass(frozen=True)
class Thing:
    kind: str
    mode: int
    uid: int
    gid: int
    acl: tuple  # access and default list, as the kernel keeps them
    xattrs: tuple  # all other extended attributes
    flags: int
    content: bytes  # of a file; a link's target; empty for the others
    inode: int
    links: int
    written_ns: int


def flags_of(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        room = array.array("l", [0])
        fcntl.ioctl(descriptor, GETFLAGS, room)
        return room[0] & LASTING_FLAGS
    except OSError:
        return 0
    finally:
        os.close(descriptor)


def set_flags(path, flags):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        room = array.array("l", [0])
        fcntl.ioctl(descriptor, GETFLAGS, room)
        room[0] = room[0] & ~LASTING_FLAGS | flags
        fcntl.ioctl(descriptor, SETFLAGS, room)
    finally:
        os.close(descriptor)


def thing_at(path):
    """None where nothing is."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    kind = KINDS[stat.S_IFMT(found.st_mode)]
    content, flags = b"", 0
    if kind == "file":
        with open(path, "rb") as file:
            content = file.read()
    elif kind == "link":
        content = os.readlink(path)
    if kind in ("file", "folder"):
        flags = flags_of(path)
    names = sorted(os.listxattr(path, follow_symlinks=False))
    every = [(name, os.getxattr(path, name, follow_symlinks=False)) for name in names]
    acl = tuple(one for one in every if one[0].startswith("system.posix_acl"))
    xattrs = tuple(one for one in every if one not in acl)
    return Thing(kind, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, acl, xattrs, flags, content,
                 found.st_ino, found.st_nlink, found.st_mtime_ns)


def things_below(folder):
    """Path (bytes, relative) and Thing of everything below; the program's own folders are left out."""
    folder, found = os.fsencode(folder), {}

    def look(relative):
        for entry in sorted(os.listdir(os.path.join(folder, relative))):
            path = os.path.join(relative, entry)
            thing = thing_at(os.path.join(folder, path))
            if thing is None or entry == OWN_FOLDER:
                continue
            found[path] = thing
            if thing.kind == "folder":
                look(path)
    look(b"")
    return found


def own_leftovers(folder):
    """What the program left in its own folders: names below them but its lock."""
    left = []
    for here, folders, names in os.walk(os.fsencode(folder)):
        if OWN_FOLDER in folders:
            left += [os.path.join(here, OWN_FOLDER, name) for name in os.listdir(os.path.join(here, OWN_FOLDER))
                     if name != b"lock"]
            folders.remove(OWN_FOLDER)
    return left


def differences(wanted, found):
    """The respects in which two things differ, by name; empty where they are the same."""
    if wanted is None or found is None:
        return [] if wanted is found else ["missing" if found is None else "extra"]
    if wanted.kind != found.kind:
        return ["kind"]
    return [name for name in ALWAYS if getattr(wanted, name) != getattr(found, name)]


def beyond_declaring(wanted, was, found, wrong):
    """Those of the differences that no configuration can forbid and that the healer did not make: attributes, flags
    and a link's owner that are as the damage left them, or went with what the damage took away."""
    if wanted is None or found is None:
        return []
    names = {"xattrs", "flags"} | ({"uid", "gid"} if wanted.kind == "link" else set())
    same_kind = was is not None and was.kind == wanted.kind
    return [name for name in wrong if name in names and (not same_kind or getattr(was, name) == getattr(found, name))]


def linked_names(things):
    """The groups of names that are one file."""
    groups = {}
    for path, thing in things.items():
        if thing.kind == "file" and thing.links > 1:
            groups.setdefault(thing.inode, set()).add(path)
    return {frozenset(paths) for paths in groups.values() if len(paths) > 1}


def put_back(folder, path, wanted):
    """Makes what is at that path what it was, by removing and writing: nothing of the program under trial is used."""
    full = os.path.join(os.fsencode(folder), path)
    now = thing_at(full)
    if now is not None and now.kind in ("file", "folder") and now.flags:
        set_flags(full, 0)
    if now is not None and (wanted is None or now.kind != wanted.kind or wanted.kind == "link"):
        shutil.rmtree(full) if now.kind == "folder" else os.unlink(full)
        now = None
    if wanted is None:
        return
    if wanted.kind == "link":
        os.symlink(wanted.content, full)
    elif wanted.kind == "folder":
        if now is None:
            os.mkdir(full)
    elif now is None or now.content != wanted.content:
        with open(full, "wb") as file:
            file.write(wanted.content)
    os.chown(full, wanted.uid, wanted.gid, follow_symlinks=False)
    if wanted.kind == "link":
        return
    os.chmod(full, wanted.mode)
    for name in os.listxattr(full):
        if name not in dict(wanted.acl + wanted.xattrs):
            os.removexattr(full, name)
    for name, value in wanted.acl + wanted.xattrs:
        os.setxattr(full, name, value)
    os.chmod(full, wanted.mode)
    if wanted.flags:
        set_flags(full, wanted.flags)


def census(things):
    """How many things meet conditions that are hard on healers."""
    files = {path: thing for path, thing in things.items() if thing.kind == "file"}
    links = {path: thing for path, thing in things.items() if thing.kind == "link"}
    folders = {path: thing for path, thing in things.items() if thing.kind == "folder"}

    def is_utf8(path):
        try:
            path.decode()
        except UnicodeDecodeError:
            return False
        return True
    conditions = {
        "with an ACL": [path for path, thing in things.items() if thing.acl],
        "with another extended attribute": [path for path, thing in things.items() if thing.xattrs],
        "immutable or append-only": [path for path, thing in things.items() if thing.flags & 0x30],
        "files of more than one name": [path for path, thing in files.items() if thing.links > 1],
        "setgid or sticky folders": [path for path, thing in folders.items() if thing.mode & 0o7000],
        "folders of another user or group": [path for path, thing in folders.items() if thing.uid or thing.gid],
        "folders that others may write": [path for path, thing in folders.items() if thing.mode & 0o022],
        "setuid or setgid files": [path for path, thing in files.items() if thing.mode & 0o6000],
        "files of another user": [path for path, thing in files.items() if thing.uid],
        "files of another group": [path for path, thing in files.items() if thing.gid],
        "empty files": [path for path, thing in files.items() if not thing.content],
        "files above 1 MiB": [path for path, thing in files.items() if len(thing.content) > 1 << 20],
        "files without a last line end": [path for path, thing in files.items()
                                          if thing.content and not thing.content.endswith(b"\n")],
        "files with NUL bytes": [path for path, thing in files.items() if b"\0" in thing.content],
        "links to /etc/alternatives": [path for path, thing in links.items()
                                       if thing.content.startswith(b"/etc/alternatives")],
        "other absolute links": [path for path, thing in links.items() if thing.content.startswith(b"/")
                                 and not thing.content.startswith(b"/etc/alternatives")],
        "relative links": [path for path, thing in links.items() if not thing.content.startswith(b"/")],
        "names that are no UTF-8": [path for path in things if not is_utf8(path)],
        "names with a space or beyond ASCII": [path for path in things
                                               if b" " in path or any(one > 126 for one in path)],
    }
    for mode in sorted({thing.mode for thing in files.values()}):
        conditions[f"files of mode {mode:04o}"] = [path for path, thing in files.items() if thing.mode == mode]
    return conditions
