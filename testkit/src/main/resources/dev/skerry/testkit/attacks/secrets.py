"""C14: argv = a secret that another sandbox and the host's process have in their environment."""
import glob
from lib import *

secret = sys.argv[1].encode()[::-1]  # given reversed, so that this process itself does not hold it
for pattern in ("environ", "cmdline", "maps", "mountinfo", "comm", "stat"):
    for path in glob.glob("/proc/[0-9]*/" + pattern):
        try:
            with open(path, "rb") as file:
                if secret in file.read():
                    broken("secret", path)
        except OSError:
            pass
held("secret in /proc")
descriptors = {name: os.readlink("/proc/self/fd/" + name) for name in os.listdir("/proc/self/fd")
               if os.path.islink("/proc/self/fd/" + name)}
extra = {n: t for n, t in descriptors.items() if int(n) > 2 and "/fd" not in t}
(held if not extra else lambda n: broken(n, extra))("descriptors")
more = set(os.environ) - {"PATH", "LC_CTYPE", "PWD", "SHLVL", "_", "HOME", "LANG"}
(held if not more else lambda n: broken(n, more))("environment")
done()
