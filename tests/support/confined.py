"""A process that can look at this machine and write nothing to it: landlock(7), by its system calls alone."""
import ctypes
import os

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PR_SET_NO_NEW_PRIVS = 38
PATH_BENEATH = 1
# Of files: all that changes one, or a folder. What is not handled (reading, executing) stays free.
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
CHANGES = {1: WRITE_FILE | sum(1 << bit for bit in range(4, 13)), 2: 1 << 13, 3: TRUNCATE}  # by version
CONNECT_TCP = {4: 1 << 1}
ABSTRACT_SOCKETS_AND_SIGNALS = {6: 0b11}


class Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


LIBC = ctypes.CDLL(None, use_errno=True)


def called(number, *words):
    result = LIBC.syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}: {os.strerror(ctypes.get_errno())}")
    return result


def version():
    """Of the kernel's Landlock; 0: it has none, or it is off."""
    return max(0, LIBC.syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def confine(*folders):
    """From now on this process and all that it starts write in these folders alone, connect to nobody by TCP, and
    neither signal nor, by an abstract socket, reach a process that was there before. As far as the kernel can do that;
    version() 6 can do all of it. Modes, owners and times of what one may open are not covered."""
    of_kernel = version()
    if of_kernel == 0:
        return

    def known(rights):
        return sum(bits for since, bits in rights.items() if since <= of_kernel)

    rules = Ruleset(known(CHANGES), known(CONNECT_TCP), known(ABSTRACT_SOCKETS_AND_SIGNALS))
    ruleset = called(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(ctypes.sizeof(rules)), ctypes.c_uint32(0))
    rights_at = {**{folder: rules.files for folder in folders}, "/dev/null": rules.files & (WRITE_FILE | TRUNCATE)}
    for path, rights in rights_at.items():
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = Beneath(rights, opened)
        called(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(PATH_BENEATH), ctypes.byref(allowed), ctypes.c_uint32(0))
        os.close(opened)
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    called(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)
