"""What root sees inside a sandbox: one line "name<TAB>value" for each thing. The same sandbox gives the same lines."""
import ctypes
import fcntl
import os
import re
import resource
import signal
import socket
import stat
import struct

X32 = 0x40000000
# These answer by not coming back, or wait for what others do with the machine.
NOT_TRIED = {
    "x86_64": {15, 34, 57, 58, 60, 62, 130, 162, 200, 231, 234},
    "aarch64": {81, 93, 94, 129, 130, 131, 133, 139},
}
SYSCALLS = range(480)
# Disks of other sandboxes, which come and go.
OTHERS = re.compile(r"loop[0-9]+")


def say(name, value):
    print("%s\t%s" % (name, repr(value)[1:-1] if isinstance(value, str) else value))


def tried(call, *arguments):
    try:
        return call(*arguments)
    except OSError as e:
        return "errno %d" % e.errno


def node(path):
    facts = os.lstat(path)
    device = "%d:%d" % (os.major(facts.st_rdev), os.minor(facts.st_rdev))
    link = os.readlink(path) if stat.S_ISLNK(facts.st_mode) else ""
    return "%o %d:%d %s %s" % (facts.st_mode, facts.st_uid, facts.st_gid, device, link)


def nodes(folder, depth):
    for name in sorted(name for name in tried(os.listdir, folder) if not OTHERS.fullmatch(name)):
        path = os.path.join(folder, name)
        say("node " + path, tried(node, path))
        if depth > 1 and os.path.isdir(path) and not os.path.islink(path):
            entries = tried(os.listdir, path)
            if isinstance(entries, list):
                nodes(path, depth - 1)


def opened(path, flags):
    fd = os.open(path, flags | os.O_NONBLOCK)
    os.close(fd)
    return "open"


def content(path):
    with open(path, "rb", buffering=0) as file:
        return file.read(4096).decode("latin1")


def kernel_files(folder):
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(parent, name)
            say("write " + path, tried(opened, path, os.O_WRONLY))
            say("content " + path, tried(content, path))


def mounts():
    count = {}
    with open("/proc/self/mountinfo") as file:
        for line in file:
            before, behind = line.rstrip("\n").split(" - ", 1)
            fields = before.split(" ")
            count[fields[4]] = count.get(fields[4], 0) + 1
            say("mount %s %d" % (fields[4], count[fields[4]]), " ".join([fields[3]] + fields[5:] + [behind]))


def namespaces():
    """Which of them are the same as process 1's; all must be."""
    for name in sorted(os.listdir("/proc/self/ns")):
        mine, first = tried(os.readlink, "/proc/self/ns/" + name), tried(os.readlink, "/proc/1/ns/" + name)
        say("namespace " + name, "one" if mine == first else "%s" % first if first.startswith("errno") else "other")


def network():
    for name in sorted(os.listdir("/sys/class/net")):
        with socket.socket() as one:
            request = struct.pack("16sH22x", name.encode(), 0)
            flags = struct.unpack("16sH22x", fcntl.ioctl(one, 0x8913, request))[1]
        say("interface " + name, "%x" % flags)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        say("loopback", "connects")


def answer(number):
    """Of a system call whose arguments are all wrong, in a process of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
        os.write(writer, b"%d %d" % (-1 if result == -1 else 0, ctypes.get_errno() if result == -1 else 0))
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(writer)
    said = os.read(reader, 64).decode()
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    return said if said else "signal %d" % os.WTERMSIG(status)


def system_calls():
    machine = os.uname().machine
    for number in SYSCALLS:
        if number not in NOT_TRIED[machine]:
            say("call %d" % number, answer(number))
    if machine == "x86_64":
        for number in (0, 1, 39, 59, 101, 520):
            say("x32 call %d" % number, answer(X32 | number))


def process():
    with open("/proc/self/status") as file:
        for line in file:
            name, value = line.rstrip("\n").split(":", 1)
            say("status " + name, value.strip())
    for name, value in sorted(os.environ.items()):
        say("variable " + name, value)
    for name in sorted(name for name in dir(resource) if name.startswith("RLIMIT_")):
        say("limit " + name, "%d %d" % resource.getrlimit(getattr(resource, name)))
    for name in ("cgroup", "uid_map", "gid_map", "setgroups", "oom_score_adj", "personality", "timens_offsets"):
        say("own " + name, tried(content, "/proc/self/" + name))
    say("priority", os.getpriority(os.PRIO_PROCESS, 0))
    say("scheduler", os.sched_getscheduler(0))
    say("umask", "%o" % os.umask(0o22))
    say("host name", " ".join(os.uname()[:2]))
    say("folder", os.getcwd())
    for fd in range(16):
        say("descriptor %d" % fd, "open" if isinstance(tried(os.fstat, fd), os.stat_result) else "none")


process()
mounts()
namespaces()
network()
for place in ("/", "/proc/1"):
    say("node " + place, tried(node, place))
nodes("/", 1)
nodes("/.skerry", 2)
nodes("/dev", 3)
nodes("/sys", 2)
for entry in sorted(os.listdir("/proc")):
    if not entry.isdigit():
        say("node /proc/" + entry, tried(node, "/proc/" + entry))
        say("write /proc/" + entry, tried(opened, "/proc/" + entry, os.O_WRONLY))
        say("read /proc/" + entry, tried(opened, "/proc/" + entry, os.O_RDONLY))
        say("entries /proc/" + entry, " ".join(sorted(tried(os.listdir, "/proc/" + entry)))
            if os.path.isdir("/proc/" + entry) and not os.path.islink("/proc/" + entry) else "")
kernel_files("/proc/sys")
system_calls()
say("done", "all")
