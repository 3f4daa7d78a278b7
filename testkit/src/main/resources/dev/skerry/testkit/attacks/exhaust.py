"""C19: takes all that the kernel counts per user, then holds it until stdin ends."""
import resource
import signal
from lib import *

kept = []


def take(name, action, most=200000):
    count = 0
    try:
        while count < most:
            kept.append(action())
            count += 1
    except OSError:
        pass
    print("took %d %s" % (count, name), flush=True)


def taken(number, *arguments):
    result = syscall(number, *arguments)
    if result < 0:
        raise OSError(-result, "refused")
    return result


resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
take("inotify instances", lambda: taken(294, 0), 3000)  # leaves descriptors for what follows
if kept:
    watcher = kept[0]
    take("inotify watches", lambda: taken(254, watcher, ctypes.c_char_p(b"/proc"), 1 << len(kept) % 12), 5000)
signal.pthread_sigmask(signal.SIG_BLOCK, range(34, 64))
take("pending signals", lambda: taken(129, os.getpid(), 40, ctypes.create_string_buffer(128)), 5000)
take("message queues", lambda: taken(240, ctypes.c_char_p(b"q%d" % len(kept)), 0o102, 0o600, 0), 5000)
take("pipes", lambda: os.pipe(), 1000)
print("done", flush=True)
sys.stdin.read()
