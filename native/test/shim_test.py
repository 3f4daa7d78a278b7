"""The shim's relay, with a guest that writes frames at chosen places and a host that comes late: docs/protocol.md,
section 7. Needs root, because a shim makes a mount namespace."""
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

BUFFER = 256 << 10  # of the shim, in each direction; a pipe's too
HEADER = 12
PAYLOAD_MAX = 65524
DATA, SHIM, ATTACH, KILL = 4, 0xFFFFFFFF, 32, 35
RUN_DIR, ARG, ENV = 1, 7, 8
VERSION, EPOCH = 5, 6
BOUND = 20

# Writes a file's content page by page and says in another how much went; then waits to be killed.
GUEST = """
import os, sys, time
with open(sys.argv[1], 'rb') as source: content = source.read()
sent = 0
while sent < len(content):
    sent += os.write(1, content[sent:sent + 4096])
    with open(sys.argv[2], 'w') as progress: progress.write(str(sent))
time.sleep(1000)
"""

# Writes a file's content once it has heard something, and ends.
ENDING_GUEST = """
import os, sys
os.read(0, 1)
with open(sys.argv[1], 'rb') as source: content = source.read()
sent = 0
while sent < len(content):
    sent += os.write(1, content[sent:])
with open(sys.argv[2], 'w') as progress: progress.write(str(sent))
"""


def field(tag, value):
    value = struct.pack("<Q", value) if isinstance(value, int) else value.encode()
    return struct.pack("<I", tag | len(value) << 8) + value


def frame(length, kind=DATA, channel=1, payload=None):
    body = b"z" * length if payload is None else payload
    return struct.pack("<IIBBH", len(body), channel, kind, 1 if kind == DATA else 0, 0) + body


class Relay(unittest.TestCase):
    program = ""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="skerry-shim-test")
        self.addCleanup(shutil.rmtree, self.folder)
        self.spawner = subprocess.Popen([self.program, "spawner"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end_spawner)

    def end_spawner(self):
        self.spawner.stdin.close()
        self.spawner.stdout.close()
        self.spawner.wait(BOUND)

    @staticmethod
    def kill_shim(pid):
        try:
            with open("/proc/%d/comm" % pid) as file:
                if file.read() == "skerry-shim\n":
                    subprocess.run(["pkill", "-KILL", "-P", str(pid)], check=False)
                    os.kill(pid, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass

    def path(self, name):
        return os.path.join(self.folder, name)

    def until(self, what, condition):
        end = time.monotonic() + BOUND
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.005)

    def start(self, content, guest=GUEST):
        with open(self.path("content"), "wb") as file:
            file.write(content)
        run = self.path("run")
        os.mkdir(run, 0o700)
        plan = field(RUN_DIR, run) + field(ENV, "PATH=/usr/bin")
        for word in ["/usr/bin/python3", "-c", guest, self.path("content"), self.path("progress")]:
            plan += field(ARG, word)
        self.spawner.stdin.write(struct.pack("<I", len(plan)) + plan)
        self.spawner.stdin.flush()
        error, self.shim, _ = struct.unpack("<iIQ", self.spawner.stdout.read(16))
        self.assertEqual(error, 0)
        self.addCleanup(self.kill_shim, self.shim)

    def progress(self):
        try:
            with open(self.path("progress")) as file:
                return int(file.read() or 0)
        except FileNotFoundError:
            return 0

    def attach(self):
        host = socket.socket(socket.AF_UNIX)
        self.addCleanup(host.close)
        host.settimeout(BOUND)
        host.connect(self.path("run/sock"))
        host.sendall(frame(0, ATTACH, SHIM, field(VERSION, 1) + field(EPOCH, 1)))
        length, channel, _, _, _ = struct.unpack("<IIBBH", self.read(host, HEADER))
        self.assertEqual(channel, SHIM)
        self.read(host, length)
        return host

    def read(self, host, count):
        parts = []
        while count > 0:
            part = host.recv(count)
            self.assertTrue(part, "the shim hung up")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def end(self, host):
        host.sendall(frame(0, KILL, SHIM, b""))
        while host.recv(65536):
            pass
        self.until("the shim ends", lambda: not os.path.exists("/proc/%d" % self.shim))

    def shim_ticks(self):
        with open("/proc/%d/stat" % self.shim) as file:
            return sum(int(number) for number in file.read().rsplit(")", 1)[1].split()[11:13])

    def takes_nothing_at_the_end(self, bytes_waiting):
        content = bytes_waiting // (HEADER + 988) * frame(988)
        self.start(content, ENDING_GUEST)
        host = self.attach()
        host.sendall(frame(1))
        self.until("the guest has written all of it", lambda: self.progress() == len(content))
        self.until("the shim has noticed its end", lambda: os.path.exists(self.path("run/exit")))
        before = self.shim_ticks()
        self.assertEqual(select.select([], [], [], 1), ([], [], []))
        self.assertLess(self.shim_ticks() - before, 10, "hundredths of a second in one")
        self.assertEqual(self.read(host, len(content))[:HEADER], content[:HEADER])
        while host.recv(65536):
            pass

    def test_a_host_that_takes_nothing_at_the_end_costs_no_cpu(self):
        self.takes_nothing_at_the_end(5 * BUFFER // 2)

    def test_nor_when_the_shim_has_no_room_for_the_last_bytes(self):
        self.takes_nothing_at_the_end(7 * BUFFER // 2)

    def late(self, cut):
        """A host comes once nothing more goes into the shim, whose buffer ends `cut` bytes behind a boundary."""
        content = 3 * frame(PAYLOAD_MAX) + frame(BUFFER - 3 * (PAYLOAD_MAX + HEADER) - HEADER - cut)
        content += 6000 * frame(100)
        self.start(content)
        self.until("shim and pipe are full", lambda: self.progress() == 2 * BUFFER)
        host = self.attach()
        self.assertEqual(self.read(host, len(content)), content)
        self.end(host)


def late_by(cut):
    return lambda self: self.late(cut)


for position in range(HEADER + 2):
    setattr(Relay, "test_a_buffer_that_ends_%d_bytes_behind_a_boundary" % position, late_by(position))

if __name__ == "__main__":
    Relay.program = os.path.abspath(sys.argv.pop(1))
    unittest.main(argv=sys.argv, verbosity=1)
