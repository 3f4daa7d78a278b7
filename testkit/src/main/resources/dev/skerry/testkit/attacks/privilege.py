"""C12: what may not be gained, as whoever runs it."""
import shutil
import stat
import subprocess
from lib import *

status = {line.partition(":")[0]: line.partition(":")[2].strip() for line in open("/proc/self/status")}
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    (held if int(status[name], 16) == 0 else lambda n: broken(n, status[name]))(name)
if "NoNewPrivs" in status:
    (held if status["NoNewPrivs"].strip() == "1" else lambda n: broken(n, "off"))("no_new_privs")
uid = os.getuid()
if uid == 0:
    # Root inside plants a setuid program for another user; running it must change nothing.
    shutil.copy("/usr/bin/id", "/tmp/suid")
    try:
        os.chown("/tmp/suid", 0, 0)
    except OSError:
        pass
    try:
        os.chmod("/tmp/suid", 0o4755)
    except OSError:
        pass
found = [p for p in ("/usr/bin/sudo", "/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount")
         if os.path.exists(p) and os.stat(p).st_mode & stat.S_ISUID]
(held if not found else lambda n: broken(n, found))("setuid programs of the host")
if os.path.exists("/tmp/suid") and uid != 0:
    out = subprocess.run(["/tmp/suid", "-u"], capture_output=True, text=True).stdout.strip()
    (held if out == str(uid) else lambda n: broken(n, "became " + out))("planted setuid program")
for name, number, arguments in (
    ("bpf", 321, (0, 0, 0)),
    ("perf_event_open", 298, (0, 0, -1, -1, 0)),
    ("keyctl", 250, (0, -3, 1)),
    ("add_key", 248, (b"user", b"x", b"y", 1, -3)),
    ("userfaultfd", 323, (0,)),
    ("init_module", 175, (0, 0, b"")),
    ("finit_module", 313, (0, b"", 0)),
    ("kexec_load", 246, (0, 0, 0, 0)),
    ("reboot", 169, (0, 0, 0, 0)),
    ("swapon", 167, (b"/tmp/x", 0)),
    ("settimeofday", 164, (0, 0)),
    ("iopl", 172, (3,)),
    ("unshare user", 272, (0x10000000,)),
    ("unshare mount", 272, (0x20000,)),
    ("unshare net", 272, (0x40000000,)),
    ("setns", 308, (0, 0)),
    ("mount", 165, (b"none", b"/mnt", b"tmpfs", 0, 0)),
    ("umount", 166, (b"/proc", 2)),
    ("quotactl", 179, (0, 0, 0, 0)),
    ("acct", 163, (b"/tmp/x",)),
    ("chroot", 161, (b"/tmp",)),
    ("io_uring_setup", 425, (1, 0)),
):
    denied(name, number, *arguments)
for flags in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000):
    result = syscall(56, flags | 17, 0, 0, 0, 0)
    if result == 0:
        os._exit(0)
    (held if result < 0 else lambda n: broken(n, "made a namespace"))("clone %#x" % flags)


def write(path, text):
    file = os.open(path, os.O_WRONLY)  # never creates: a file of that name would be the sandbox's own
    os.write(file, text.encode())
    return "written"


for path, text in (
    ("/proc/sysrq-trigger", "h"),
    ("/proc/sys/kernel/core_pattern", "|/tmp/x"),
    ("/proc/sys/kernel/hostname", "x"),
    ("/proc/sys/vm/drop_caches", "1"),
    ("/proc/sys/kernel/modprobe", "/tmp/x"),
    ("/proc/acpi/x", "x"),
    ("/proc/pressure/cpu", "some 500000 2000000\n"),
    ("/proc/pressure/memory", "some 500000 2000000\n"),
    ("/sys/kernel/uevent_helper", "/tmp/x"),
    ("/sys/fs/cgroup/release_agent", "/tmp/x"),
    ("/sys/fs/cgroup/memory/release_agent", "/tmp/x"),
    ("/sys/power/state", "mem"),
    ("/sys/block/vda/queue/scheduler", "none"),
    ("/dev/kmsg", "x"),
):
    if not (path == "/proc/sys/kernel/hostname" and "gvisor" in sys.argv):
        refused("write " + path, lambda: write(path, text))
secret = []
for path in ("/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/timer_list",
             "/sys/firmware/acpi/tables/DSDT", "/sys/kernel/debug/x"):
    try:
        if open(path, "rb").read(64):
            secret.append(path)
    except OSError:
        pass
(held if not secret else lambda n: broken(n, secret))("masked kernel files")
done()
