"""C13: other entries into the kernel, and calls that are not on the list."""
import mmap
from lib import *


def in_child(name, action):
    """The action returns a positive number when the call was carried out; a child that dies has not got through."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(3 if action() >= 0 else 0)
        except BaseException:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    (broken if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 3 else lambda n, w: held(n))(name, "was carried out")


def machine_code(code):
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    call = ctypes.CFUNCTYPE(ctypes.c_int)(address)
    call.keep = memory
    return call


if os.uname().machine == "x86_64":
    GETPID_32, GETUID_32, MOUNT_32 = 20, 24, 21
    for name, number in (("getpid", GETPID_32), ("getuid", GETUID_32), ("mount", MOUNT_32)):
        # mov eax, number; int 0x80; ret
        in_child("32-bit " + name, machine_code(b"\xb8" + number.to_bytes(4, "little") + b"\xcd\x80\xc3"))
    for name, number in (("getpid", 39), ("getuid", 102)):
        in_child("x32 " + name, lambda: syscall(0x40000000 | number))
for number in (153, 154, 156, 173, 174, 177, 178, 180, 212, 236, 256, 279, 303, 425, 426,
               427, 428, 429, 430, 431, 432, 433, 442, 451, 999, 2000):
    denied("call %d" % number, number, 0, 0, 0, 0, 0, 0)
denied("huge pages of mmap", 9, 0, 2 << 20, 3, 0x40022, -1, 0)
denied("huge pages of memfd_create", 319, b"huge", 4)
result = syscall(435, 0, 0)
(held if result == -errno.ENOSYS else lambda n: broken(n, "answered %d" % result))("clone3 answers ENOSYS")
done()
