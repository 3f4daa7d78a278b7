"""The launcher of the shim, with python as process 1 in a root that a test has made: docs/protocol.md, section 8. Needs
root."""
import ctypes
import json
import os
import platform
import socket
import struct
import subprocess
import sys
import unittest

from shim_test import ARG, BOUND, ENV, HEADER, RUN_DIR, SHIM, Relay, field, frame

UID_BASE, UID_COUNT, STEP, RLIMIT = 4, 5, 6, 19
ROOT, HOSTNAME, CAPABILITIES, NO_NEW_PRIVS, FILTER, INSIDE = range(21, 27)
KIND, SOURCE, TARGET, TYPE, OPTIONS, FLAGS = range(1, 7)
STEP_MOUNT = 1
MOUNT, BIND, MASK, READ_ONLY, LINK = range(1, 6)
BASE, COUNT = 0x60000000, 65536
# With the second, only a read-only mount keeps /proc/sys/user from being written.
KEPT = 1 << 5 | 1 << 24
NOFILE = 7
EPERM_ON_SYNC = {"x86_64": 162, "aarch64": 81}
KEYCTL = {"x86_64": 250, "aarch64": 219}
SETHOSTNAME = {"x86_64": 170, "aarch64": 161}
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
LD_NUMBER, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, EPERM, KILL = 0x7FFF0000, 0x00050001, 0x80000000

# Says what it is as one DATA frame's payload, then waits to be killed.
GUEST = """
import ctypes, json, os, resource, socket, struct, time
def status(name):
    return [line.split()[1] for line in open('/proc/self/status') if line.startswith(name + ':')][0]
def attempt(call, *arguments):
    try: return str(call(*arguments))
    except OSError as e: return e.strerror
said = dict(pid=os.getpid(), uid=os.getuid(), groups=os.getgroups(), host=socket.gethostname(), session=os.getsid(0),
    root=sorted(os.listdir('/')), capabilities=status('CapBnd'), permitted=status('CapPrm'), filter=status('Seccomp'),
    privileges=status('NoNewPrivs'), files=resource.getrlimit(resource.RLIMIT_NOFILE), link=os.readlink('/link'),
    descriptors=sorted(int(name) for name in os.listdir('/proc/self/fd')), environment=dict(os.environ),
    write=attempt(os.open, '/proc/sys/user/max_user_namespaces', os.O_WRONLY), masked=os.stat('/proc/cpuinfo').st_rdev,
    empty=os.listdir('/sys/module'), space=open('/proc/sys/user/max_user_namespaces').read().strip(),
    folder=os.getcwd(), mounts=[line.split()[4] for line in open('/proc/self/mountinfo')],
    interfaces=[name for _, name in socket.if_nameindex()], sync=ctypes.CDLL(None).sync())
text = json.dumps(said).encode()
os.write(1, struct.pack('<IIBBH', len(text), 1, 4, 1, 0) + text)
time.sleep(1000)
"""


def step(tag, kind, target, **others):
    names = {"source": SOURCE, "type": TYPE, "options": OPTIONS, "flags": FLAGS}
    content = field(KIND, kind) + field(TARGET, target)
    for name, value in others.items():
        content += field(names[name], value)
    return struct.pack("<I", tag | len(content) << 8) + content


def instruction(code, value, yes=0, no=0):
    return struct.pack("<HBBI", code, yes, no, value)


def filter_of(number):
    code = instruction(LD_NUMBER, 0) + instruction(JUMP_EQUAL, number, 0, 1)
    code += instruction(RETURN, EPERM) + instruction(RETURN, ALLOW)
    return struct.pack("<I", FILTER | len(code) << 8) + code


class Launch(Relay):
    def plan(self, prepare=lambda root: None, inside=b""):
        self.stage = self.path("stage")
        root = self.path("root")
        for folder in (self.stage, root, self.path("empty"), self.path("run")):
            os.mkdir(folder, 0o755)
        os.chmod(self.folder, 0o711)
        prepare(root)
        os.chown(root, BASE, BASE)
        plan = field(RUN_DIR, self.path("run")) + field(UID_BASE, BASE) + field(UID_COUNT, COUNT)
        plan += field(ROOT, root) + field(HOSTNAME, "inside") + field(CAPABILITIES, KEPT)
        plan += field(NO_NEW_PRIVS, 1) + filter_of(EPERM_ON_SYNC[platform.machine()])
        limit = struct.pack("<QQ", NOFILE, 100)
        plan += struct.pack("<I", RLIMIT | len(limit) << 8) + limit + inside
        plan += step(INSIDE, MOUNT, "/proc", source="proc", type="proc")
        plan += step(INSIDE, MOUNT, "/sys", source="sysfs", type="sysfs", flags=1)
        for folder in ("/usr", "/lib", "/lib64"):
            if os.path.exists(folder):
                plan += step(INSIDE, BIND, folder, source=os.path.realpath(folder), flags=1)
        plan += step(INSIDE, BIND, "/deep/down/file", source="/etc/hostname", flags=1)
        plan += step(INSIDE, MASK, "/proc/cpuinfo", source=self.path("empty"))
        plan += step(INSIDE, MASK, "/sys/module", source=self.path("empty"))
        plan += step(INSIDE, MASK, "/proc/missing", source=self.path("empty"))
        plan += step(INSIDE, READ_ONLY, "/proc/sys") + step(INSIDE, LINK, "/link", source="content")
        for word in ["/usr/bin/python3", "-c", GUEST]:
            plan += field(ARG, word)
        return plan + field(ENV, "NAME=value")

    def launch(self, plan):
        self.spawner.stdin.write(struct.pack("<I", len(plan)) + plan)
        self.spawner.stdin.flush()
        error, self.shim, _ = struct.unpack("<iIQ", self.spawner.stdout.read(16))
        self.assertEqual(error, 0)
        self.addCleanup(self.kill_shim, self.shim)

    def record(self):
        self.until("there is a record", lambda: os.path.exists(self.path("run/exit")))
        with open(self.path("run/exit")) as file:
            return file.read()

    def said(self):
        host = self.attach()
        length, channel, _, _, _ = struct.unpack("<IIBBH", self.read(host, HEADER))
        payload = self.read(host, length)
        with open(self.path("run/runtime.log")) as log:
            self.assertNotEqual(channel, SHIM, log.read())
        said = json.loads(payload)
        self.end(host)
        return said

    def test_process_one_is_what_the_plan_says(self):
        self.launch(self.plan())
        said = self.said()
        self.assertEqual((said["pid"], said["uid"], said["groups"], said["session"]), (1, 0, [], 1))
        self.assertEqual((said["host"], said["folder"], said["interfaces"]), ("inside", "/", ["lo"]))
        self.assertEqual(said["environment"], {"NAME": "value", "LC_CTYPE": "C.UTF-8"})
        self.assertEqual(int(said["capabilities"], 16), KEPT)
        self.assertEqual(int(said["permitted"], 16), KEPT)
        self.assertEqual((said["filter"], said["privileges"], said["sync"]), ("2", "1", -1))
        self.assertEqual(said["files"], [100, 100])
        # The fourth is the listing itself.
        self.assertEqual(said["descriptors"], [0, 1, 2, 3])
        self.assertEqual((said["write"], said["empty"], said["space"]), ("Read-only file system", [], "0"))
        self.assertEqual(said["masked"], os.makedev(1, 3))
        self.assertEqual(said["link"], "content")
        self.assertNotIn(self.folder, " ".join(said["mounts"][1:]))
        self.assertLessEqual({"proc", "sys", "usr", "deep", "link"}, set(said["root"]))

    def refused(self, prepare, path, inside=b""):
        self.launch(self.plan(prepare, inside))
        record = self.record()
        self.assertIn("symbolic link", record)
        self.assertIn(path, record)
        self.assertIn("cause=5\n", record)

    def test_a_link_to_the_host_is_refused(self):
        self.refused(lambda root: os.symlink("/", root + "/proc"), "/proc")

    def test_a_link_inside_is_refused(self):
        self.refused(lambda root: os.symlink("usr", root + "/deep"), "/deep/down/file")

    def test_a_link_in_place_of_a_file_is_refused(self):
        def prepare(root):
            os.makedirs(root + "/deep/down")
            os.symlink(self.path("content"), root + "/deep/down/file")
        self.refused(prepare, "/deep/down/file")
        self.assertFalse(os.path.exists(self.path("content")))

    def test_what_cannot_be_mounted_is_named(self):
        self.launch(self.plan(inside=step(INSIDE, MOUNT, "/x", source="none", type="nosuchtype")))
        self.assertIn("cannot mount none at /x", self.record())

    def test_what_cannot_be_executed_is_named(self):
        self.launch(self.plan().replace(b"/usr/bin/python3", b"/usr/bin/python9"))
        self.assertIn("cannot execute /usr/bin/python9", self.record())

    def test_an_unknown_kind_is_refused(self):
        self.launch(self.plan(inside=step(INSIDE, 99, "/x")))
        self.assertIn("/x", self.record())

    def test_a_trial_works(self):
        done = subprocess.run([self.program, "trial"], capture_output=True, text=True, timeout=BOUND, check=False)
        # A build under a sanitizer needs libraries, which the trial's root has not: it comes as far as its execution.
        expected = ["it works\n", "cannot execute /guestd: No such file or directory\n"]
        self.assertIn(done.stdout, expected["asan" in self.program:])

    def trial_refused(self, calls, answer):
        code = instruction(LD_NUMBER, 0) + instruction(JUMP_EQUAL, calls[platform.machine()], 0, 1)
        code += instruction(RETURN, answer) + instruction(RETURN, ALLOW)
        instructions = ctypes.create_string_buffer(code)
        program = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(instructions)))
        libc = ctypes.CDLL(None, use_errno=True)

        def refuse():
            if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")
        for _ in range(20):
            done = subprocess.run([self.program, "trial"], preexec_fn=refuse, capture_output=True, text=True,
                                  timeout=BOUND, check=False)
            self.assertNotIn("it works", done.stdout)
            self.assertEqual(done.returncode, 1)

    def test_a_trial_that_is_refused_a_call_says_so(self):
        self.trial_refused(KEYCTL, EPERM)

    def test_a_trial_whose_first_process_is_killed_says_so(self):
        self.trial_refused(SETHOSTNAME, KILL)


if __name__ == "__main__":
    Launch.program = os.path.abspath(sys.argv.pop(1))
    suite = unittest.TestSuite(Launch(name) for name in dir(Launch) if name in Launch.__dict__ and "test" in name[:4])
    sys.exit(not unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful())
