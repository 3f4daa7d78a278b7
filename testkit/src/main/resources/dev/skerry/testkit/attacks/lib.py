"""What the attacks share. Each trick prints `held NAME` or `BROKEN NAME: what worked`; `done`
at the end shows that all were tried."""
import ctypes
import errno
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def syscall(number, *arguments):
    """The call's result, or minus its error number."""
    ctypes.set_errno(0)
    values = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *values)
    return -ctypes.get_errno() if result < 0 else result


def held(name):
    print("held", name, flush=True)


def broken(name, what):
    print("BROKEN %s: %s" % (name, what), flush=True)


def refused(name, action, accepted=(OSError,)):
    """The action must fail; a value that it returns is a breach."""
    try:
        value = action()
    except accepted:
        held(name)
    else:
        broken(name, repr(value)[:200])


def denied(name, number, *arguments):
    """A system call that must be refused as such: not with an error that shows it was carried out in part."""
    result = syscall(number, *arguments)
    if result in (-errno.EPERM, -errno.ENOSYS, -errno.EACCES, -errno.EOPNOTSUPP):
        held(name)
    else:
        broken(name, "answered %d" % result)


def done():
    print("done", flush=True)
