"""Files that an ordinary /etc seldom has and that are hard on healers, planted in a folder of their own."""
import os
import struct
import subprocess

import reference

FOLDER = b"trial-specials"


def plant(etc):
    here = os.path.join(os.fsencode(etc), FOLDER)
    os.mkdir(here, 0o755)

    def file(name, mode=0o644, content=b"one\ntwo = 2\n", uid=0, gid=0):
        full = os.path.join(here, name)
        os.makedirs(os.path.dirname(full), mode=0o755, exist_ok=True)
        with open(full, "wb") as opened:
            opened.write(content)
        os.chown(full, uid, gid)
        os.chmod(full, mode)
        return full

    for name in (b"a name with spaces", "ünïcode".encode(), b"not-utf8-\xff", b"-rf", b"*glob?[x]*",
                 b"it's \"quoted\"", b"back\\slash", b"# comment", b"key: value", b"copy~", b".copy.swp", b"4913",
                 b".#lock", b"x" * 200, b"deep/er/and/deeper/file", b"new.dpkg-dist"):
        file(name)
    for mode in (0o000, 0o111, 0o200, 0o400, 0o440, 0o600, 0o664, 0o666, 0o777, 0o1644, 0o2755, 0o4755):
        file(b"mode%04o" % mode, mode)
    file(b"of-daemon", 0o640, uid=1, gid=1)
    file(b"of-nobody-known", 0o600, uid=4242, gid=4343)
    file(b"setuid-of-daemon", 0o4750, uid=1, gid=1)
    file(b"empty", content=b"")
    file(b"no-line-end", content=b"end")
    file(b"zeros", content=b"\0" * 5000)
    file(b"crlf", content=b"a\r\nb\r\n")
    file(b"large", content=bytes(range(256)) * 4 * 1024 * 3)
    os.truncate(file(b"sparse", content=b"begin"), 1 << 20)
    os.link(file(b"two-names-1"), os.path.join(here, b"two-names-2"))
    os.setxattr(file(b"with-user-attribute"), "user.comment", b"kept")
    capability = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)
    os.setxattr(file(b"with-capability", 0o755), "security.capability", capability)
    for name, entries in ((b"with-acl", "u:daemon:r,g:games:rw"), (b"with-acl-and-narrow-mask", "u:daemon:rwx,m::r")):
        subprocess.run(["setfacl", "-m", entries, file(name, 0o640)], check=True)
    os.makedirs(os.path.join(here, b"folder-setgid"))
    os.chown(os.path.join(here, b"folder-setgid"), 0, 1)
    os.chmod(os.path.join(here, b"folder-setgid"), 0o2775)
    file(b"folder-setgid/below-setgid")
    os.makedirs(os.path.join(here, b"folder-default-acl"))
    subprocess.run(["setfacl", "-d", "-m", "u:daemon:rwx,g:games:rw", os.path.join(here, b"folder-default-acl")],
                   check=True)
    below = file(b"folder-default-acl/below-default-acl", 0o600)
    subprocess.run(["setfacl", "-b", below], check=True)
    os.chmod(below, 0o600)
    os.makedirs(os.path.join(here, b"folder-of-daemon"))
    os.chown(os.path.join(here, b"folder-of-daemon"), 1, 1)
    os.chmod(os.path.join(here, b"folder-of-daemon"), 0o700)
    file(b"folder-of-daemon/below-folder-of-daemon", 0o640, uid=1, gid=1)
    reference.set_flags(file(b"immutable"), 0x10)
    reference.set_flags(file(b"append-only"), 0x20)
    for name, target in ((b"link-dangling", b"nowhere"), (b"link-to-folder", b"deep"), (b"link-up", b"../hosts"),
                         (b"link-with-spaces", b"a name with spaces"), (b"link-odd", b"./deep//er/../er/"),
                         (b"link-to-itself", b"link-to-itself"),
                         (b"link-absolute", b"/usr/share/common-licenses/BSD"), (b"link-out", b"../../usr/bin/true")):
        os.symlink(target, os.path.join(here, name))
    os.symlink(b"nowhere", os.path.join(here, b"link-of-daemon"))
    os.chown(os.path.join(here, b"link-of-daemon"), 1, 1, follow_symlinks=False)
