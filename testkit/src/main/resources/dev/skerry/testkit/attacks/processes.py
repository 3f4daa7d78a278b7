"""C3: argv = pids of the host that must be out of reach."""
import signal
from lib import *

own = set()
for pid in range(1, 40000):
    try:
        os.kill(pid, 0)
        own.add(pid)
    except ProcessLookupError:
        pass
    except PermissionError:
        own.add(pid)
seen = {int(name) for name in os.listdir("/proc") if name.isdigit()}
limit = 12
(held if len(seen) < limit and len(own) < limit
 else lambda n: broken(n, "sees %s" % sorted(seen | own)[:40]))("process list")
for pid in map(int, sys.argv[1:]):
    if pid in seen:
        try:
            arguments = open("/proc/%d/cmdline" % pid).read()
        except OSError:
            arguments = ""
        (broken if "java" in arguments else lambda n, w: held(n))("host process %d" % pid, arguments)
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
for pid in (1,):
    for request in (PTRACE_ATTACH, PTRACE_SEIZE):
        result = syscall(101, request, pid, 0, 0)
        (held if result < 0 else lambda n: broken(n, "attached"))("ptrace %d of process 1" % request)
    refused("memory of process 1", lambda: open("/proc/1/mem", "rb"))
refused("kill of process 1", lambda: (os.kill(1, signal.SIGKILL), os.kill(1, 0))[1]
        if os.getuid() != 0 else (_ for _ in ()).throw(OSError()))
done()
