"""C1: argv = a file of the host with a secret, the secret."""
import glob
import os
import stat
from lib import *

path, secret = sys.argv[1], sys.argv[2]


def read(name):
    with open(name, "rb") as file:
        return file.read(65536)


def leaks(name, where):
    try:
        content = read(where)
    except OSError:
        return held(name)
    (broken if secret.encode() in content else lambda n, w: held(n))(name, where)


leaks("direct path", path)
leaks("dot dot", "/.." * 30 + path)
leaks("root of process 1", "/proc/1/root" + path)
leaks("root of self", "/proc/self/root/../.." + path)
for pid in glob.glob("/proc/[0-9]*"):
    leaks("root of " + pid, pid + "/root" + path)
    leaks("cwd of " + pid, pid + "/cwd/" + "../" * 30 + path)
for fd in glob.glob("/proc/*/fd/*"):
    try:
        if stat.S_ISDIR(os.stat(fd).st_mode):
            leaks("descriptor " + fd, fd + "/" + "../" * 30 + path)
    except OSError:
        pass
os.chdir("/tmp")
os.symlink(path, "/tmp/link")
leaks("symbolic link", "/tmp/link")
if not os.uname().release.startswith("4.4.0"):  # gVisor has a file system in user space of its own
    refused("device fuse", lambda: os.open("/dev/fuse", os.O_RDONLY))
refused("hard link", lambda: os.link(path, "/tmp/hard"))


def escape_chroot():
    os.makedirs("/tmp/jail", exist_ok=True)
    keep = os.open("/", os.O_RDONLY)
    os.chroot("/tmp/jail")
    os.fchdir(keep)
    for _ in range(50):
        os.chdir("..")
    os.chroot(".")
    return read(path)


pid = os.fork()
if pid == 0:
    try:
        os._exit(0 if secret.encode() in escape_chroot() else 1)
    except OSError:
        os._exit(1)
if os.waitpid(pid, 0)[1] == 0:
    broken("chroot", "left the root")
else:
    held("chroot")
for name, number in (("pivot_root", 155), ("mount", 165), ("move_mount", 429), ("fsopen", 430), ("open_tree", 428)):
    denied(name, number, 0, 0, 0, 0, 0)
denied("open_by_handle_at", 304, 0, 0, 0)
for device in ("vda", "sda", "nvme0n1", "mem", "kmem", "port", "kvm", "loop0", "loop-control", "mapper/control"):
    refused("device " + device, lambda: os.open("/dev/" + device, os.O_RDONLY))
for major, minor in ((1, 1), (8, 0), (254, 0), (10, 232)):
    def make():
        os.mknod("/tmp/node%d" % major, 0o600 | stat.S_IFBLK, os.makedev(major, minor))
        return read("/tmp/node%d" % major)
    refused("device node %d:%d" % (major, minor), make)
for root, folders, names in os.walk("/", onerror=lambda e: None):
    folders[:] = [f for f in folders if os.path.join(root, f) not in ("/proc", "/sys", "/usr")]
    for name in names:
        where = os.path.join(root, name)
        try:
            if where != os.path.abspath(sys.argv[0]) and stat.S_ISREG(os.lstat(where).st_mode) \
                    and secret.encode() in read(where):
                broken("search", where)
        except OSError:
            pass
held("search")
for private in ("/etc/shadow", "/etc/machine-id", "/etc/ssh", "/var/lib/dpkg/status", "/root/.ssh", "/root/.m2",
                "/usr/local/bin", "/usr/local/lib"):
    there = os.listdir(private) if os.path.isdir(private) else os.path.exists(private)
    (broken if there else lambda n, w: held(n))("private " + private, "exists")
done()
