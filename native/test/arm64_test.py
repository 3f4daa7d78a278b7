"""A smoke test of the arm64 build under qemu-user: hello, a process, a file. Programs that it
starts are this machine's own."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stream import Guest

qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
if qemu is None:
    sys.exit("qemu-aarch64-static is missing: apt-get install qemu-user-static")
guest = Guest([qemu, sys.argv[1]])
channel = guest.open("EXEC", ARG=["/bin/echo", "hello"])
assert channel.result()["EXIT_CODE"] == 0, channel.result()
assert channel.out() == b"hello\n", channel.out()
with tempfile.TemporaryDirectory() as folder:
    path = folder + "/file"
    with open(path, "wb") as file:
        file.write(bytes(range(256)) * 1000)
    channel = guest.open("READ", PATH=path)
    assert channel.result()["SIZE"] == 256000
    assert channel.out() == bytes(range(256)) * 1000
print("arm64: 2 passed, 0 failed")
