"""C11: argv = a marker. Leaves processes of every stubborn kind behind, all with the marker in their arguments."""
import signal
import subprocess
import time
from lib import *

marker = sys.argv[1]
body = "import signal, sys, time, os\n%s\nwhile True: time.sleep(1)"
kinds = {
    "ignores": "[signal.signal(s, signal.SIG_IGN) for s in (1, 2, 3, 15, 20)]",
    "session": "os.setsid() if os.getpid() != os.getsid(0) else None",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "spins": "while True: pass",
    "zombies": "[os.fork() or os._exit(0) for _ in range(3)]",
}
for kind, code in kinds.items():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            null = os.open("/dev/null", os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.execv(sys.executable, [sys.executable, "-c", body % code, marker, kind])
        os._exit(0)
traced = subprocess.Popen([sys.executable, "-c", body % "pass", marker, "traced"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
syscall(101, 0x4206, traced.pid, 0, 0)
syscall(101, 0x4207, traced.pid, 0, 0)
print("done", flush=True)
while True:
    time.sleep(1)
