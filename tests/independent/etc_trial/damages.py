"""Ways in which a file or a link goes bad, one function each.

Each takes the full path, what is there, and a number that makes one file's damage unlike another's; it answers False
where this damage cannot be done to this thing (an empty file cannot be truncated).
"""
import os
import struct
import subprocess

STRANGER = 65533  # a user and group that nobody has


def new_mode(path, thing, mode):
    os.chmod(path, mode)
    return mode != thing.mode


def wider(path, thing, number):
    return new_mode(path, thing, thing.mode | (0o022, 0o066, 0o077, 0o111)[number % 4]) or new_mode(path, thing, 0o777)


def narrower(path, thing, number):
    return new_mode(path, thing, (thing.mode & 0o700, thing.mode & 0o444, 0)[number % 3]) or new_mode(path, thing, 0)


def setuid(path, thing, number):
    return new_mode(path, thing, thing.mode | (0o4000, 0o2000, 0o6000, 0o1000)[number % 4])


def owner(path, thing, number):
    os.chown(path, STRANGER if number % 2 or thing.uid == 1 else 1, -1)
    os.chmod(path, thing.mode)
    return True


def group(path, thing, number):
    os.chown(path, -1, STRANGER if number % 2 or thing.gid == 1 else 1)
    os.chmod(path, thing.mode)
    return True


def mode_and_owner(path, thing, number):
    os.chown(path, STRANGER, STRANGER)
    os.chmod(path, 0o6755 if number % 2 else 0o002)
    return True


def acl(path, thing, number):
    """One more entry, as `setfacl -m` writes it (the mask grows, and with it the group's bits of the mode)."""
    entry = ("u:nobody:rw", "u:daemon:r", "g:daemon:rwx")[number % 3]
    return subprocess.run(["setfacl", "-m", entry, path], capture_output=True).returncode == 0


def quiet_acl(path, thing, number):
    """One more entry, and a mode that looks as ever."""
    done = subprocess.run(["setfacl", "-n", "-m", "u:daemon:r", path], capture_output=True).returncode == 0
    os.chmod(path, thing.mode)
    return done


def capability(path, thing, number):
    os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
    return True


def content(path, thing, number):
    """Other bytes, written into the file that is there."""
    with open(path, "r+b") as file:
        file.write(b"damaged %d\n" % number)
    return True


def one_bit(path, thing, number):
    if not thing.content:
        return False
    place = number * 7919 % len(thing.content)
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(bytes([thing.content[place] ^ 0x20]))
    return True


def truncated(path, thing, number):
    os.truncate(path, number * 7919 % len(thing.content) if thing.content and number % 2 else 0)
    return bool(thing.content)


def trailing(path, thing, number):
    with open(path, "ab") as file:
        file.write((b"\n", b"\0", b" ", b"# more\n")[number % 4])
    return True


def deleted(path, thing, number):
    os.unlink(path)
    return True


def saved_by_editor(path, thing, number):
    """A new file moved over the old one, with an editor's mode and owner."""
    with open(path + b".new", "wb") as file:
        file.write(thing.content + b"# edited\n")
    os.chmod(path + b".new", 0o600 if number % 2 else 0o644)
    os.rename(path + b".new", path)
    return True


def same_bytes_again(path, thing, number):
    """The same content in a new file, with the mode and owner of whoever copied it."""
    with open(path + b".new", "wb") as file:
        file.write(thing.content)
    os.chmod(path + b".new", 0o666)
    os.rename(path + b".new", path)
    return thing.mode != 0o666


def link_instead(path, thing, number):
    os.unlink(path)
    os.symlink((b"/dev/null", b"nothing-here", b"/usr/share/common-licenses/BSD")[number % 3], path)
    return True


def fifo_instead(path, thing, number):
    os.unlink(path)
    os.mkfifo(path)
    return True


def folder_instead(path, thing, number):
    os.unlink(path)
    os.mkdir(path)
    return True


def another_target(path, thing, number):
    os.unlink(path)
    os.symlink((b"/dev/null", thing.content + b".old", b"nothing-here")[number % 3], path)
    os.chown(path, thing.uid, thing.gid, follow_symlinks=False)
    return True


def file_instead(path, thing, number):
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(b"a file\n")
    return True


# Those that leave the content keep the inode, too: it must be the same one afterwards.
OF_INODE = {one.__name__: one for one in (wider, narrower, setuid, owner, group, mode_and_owner, acl, quiet_acl,
                                          capability)}
OF_CONTENT = {one.__name__: one for one in (content, one_bit, truncated, trailing, deleted, saved_by_editor,
                                            same_bytes_again)}
OF_KIND = {one.__name__: one for one in (link_instead, fifo_instead, folder_instead)}
OF_FILES = {**OF_INODE, **OF_CONTENT, **OF_KIND}
OF_LINKS = {"content": another_target, "deleted": deleted, "fifo_instead": fifo_instead, "link_instead": file_instead}
