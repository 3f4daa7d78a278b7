#!/usr/bin/python3
"""Tests of guestd over its stream: guestd_test.py PROGRAM [unittest options]. Needs root."""
import hashlib
import io
import os
import select
import shutil
import signal
import socket
import struct
import sys
import tarfile
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stream import (CODES, CREDIT, DATA, END, EOF, ERROR, OPS, PING, REQUEST, RESPONSE, Channel, Failed, Guest, field,
                    fields, parse)

PROGRAM = None
ENV = ["PATH=/usr/bin:/bin"]
CREATE, TRUNCATE, EXCLUSIVE, PARENTS, APPEND, ATOMIC = 1, 2, 4, 8, 16, 32
USER = "12345:12345"


class Case(unittest.TestCase):
    command = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="guestd-test-")
        os.chmod(self.folder, 0o755)
        self.guest = self.start()

    def start(self, epoch=1, **options):
        return Guest(self.command or [PROGRAM], epoch, **options)

    def tearDown(self):
        code = self.guest.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertEqual((0, ""), (code, self.guest.stderr))

    def fails(self, code, op, errno=None, **values):
        with self.assertRaises(Failed) as caught:
            self.guest.call(op, **values)
        self.assertEqual(code, caught.exception.code, caught.exception.message)
        return caught.exception.message

    def sh(self, script, **values):
        values.setdefault("ENV", ENV)
        return self.guest.run("/bin/sh", "-c", script, **values)

    def open_sh(self, script, **values):
        values.setdefault("ENV", ENV)
        return self.guest.open("EXEC", ARG=["/bin/sh", "-c", script], **values)

    def at(self, *names):
        return os.path.join(self.folder, *names)

    def put(self, path, data, **values):
        channel = self.guest.open("WRITE", PATH=path, **values)
        channel.accepted()
        channel.send(data)
        channel.eof()
        return channel.result()

    def user_folder(self, name="mine"):
        path = self.at(name)
        os.mkdir(path)
        os.chown(path, 12345, 12345)
        return path

    def until(self, condition, timeout=10):
        deadline = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), deadline, "not in time")
            self.guest.pump(0.02)


class Control(Case):
    def test_hello_and_ping(self):
        self.assertEqual([1], self.guest.hellos[0]["VERSION"])
        self.guest.send(0, PING, b"12345678")
        self.guest.wait(lambda: self.guest.pongs)
        self.assertEqual([b"12345678"], self.guest.pongs)

    def test_other_version_is_refused(self):
        self.guest.hello(2, version=9)
        self.assertEqual([CODES["UNSUPPORTED"]], self.guest.control_errors[0]["CODE"])
        self.guest.control_errors.clear()
        self.guest.hello(3)

    def test_unknown_operation(self):
        self.fails(CODES["UNSUPPORTED"], 200)

    def test_truncated_field(self):
        channel = Channel(self.guest, 900)
        self.guest.channels[900] = channel
        self.guest.send(900, REQUEST, fields(OP=4) + b"\x01\x08\x00")
        with self.assertRaises(Failed) as caught:
            channel.result()
        self.assertEqual(CODES["INVALID"], caught.exception.code)

    def test_request_in_parts_and_its_bound(self):
        arguments = ["/bin/echo"] + ["x" * 1000] * 500
        self.assertEqual(500 * 1001, len(self.guest.run(*arguments).out()))
        message = self.fails(CODES["INVALID"], "EXEC", ARG=["x" * 100000] * 11)
        self.assertIn("1 MiB", message)

    def test_violation_drops_the_connection_until_hello(self):
        channel = self.open_sh("sleep 0.2; echo done")
        number = channel.accepted()["PROCESS"][0]
        self.guest.send(channel.number, DATA, b"x" * 10, 3)
        self.guest.wait(lambda: self.guest.control_errors)
        self.guest.control_errors.clear()
        self.guest.hello(2)
        attached = self.guest.open("ATTACH", PROCESS=number)
        attached.result()
        self.assertEqual(b"done\n", attached.out())

    def test_too_many_channels(self):
        opened = [self.guest.open("EXEC", ARG=["/bin/sleep", "60"]) for _ in range(3)]
        for channel in opened:
            channel.accepted()
        parts = []
        for number in range(10000, 10000 + 1024):
            channel = Channel(self.guest, number)
            self.guest.channels[number] = channel
            self.guest.send(number, REQUEST, fields(OP=4), 1)
            parts.append(channel)
        for channel in parts:
            self.guest.send(channel.number, REQUEST, b"")
        refused = 0
        for channel in parts:
            self.guest.wait(channel.done)
            refused += channel.error is not None and channel.error["CODE"][0] == CODES["LIMIT"]
        self.assertEqual(3, refused)
        for channel in opened:
            self.guest.call("SIGNAL", PROCESS=channel.response["PROCESS"][0], SIGNAL=9)
            channel.result()

    def test_exits_at_end_of_file(self):
        self.open_sh("sleep 60").accepted()  # tearDown checks


class Processes(Case):
    def test_output_exit_code_and_order(self):
        channel = self.sh("echo out; echo err >&2; exit 7")
        self.assertEqual((b"out\n", b"err\n"), (channel.out(1), channel.out(2)))
        self.assertEqual(([1], [7]), (channel.end["CAUSE"], channel.end["EXIT_CODE"]))
        self.assertEqual(RESPONSE, channel.order[0])
        self.assertEqual((2, END), (channel.order.count(EOF), channel.order[-1]))

    def test_signal(self):
        channel = self.open_sh("kill -TERM $$")
        result = channel.result()
        self.assertEqual((2, 15), (result["CAUSE"], result["EXIT_SIGNAL"]))
        channel = self.open_sh("exec sleep 60")
        number = channel.accepted()["PROCESS"][0]
        self.guest.call("SIGNAL", PROCESS=number, SIGNAL=9)
        self.assertEqual(9, channel.result()["EXIT_SIGNAL"])
        self.fails(CODES["CONFLICT"], "SIGNAL", PROCESS=number, SIGNAL=9)
        self.fails(CODES["NOT_FOUND"], "SIGNAL", PROCESS=9999, SIGNAL=9)

    def test_errors_of_start(self):
        script = self.at("noexec")
        with open(script, "w") as file:
            file.write("garbage")
        os.chmod(script, 0o755)
        self.assertIn("no-such-program", self.fails(CODES["NOT_FOUND"], "EXEC", ARG=["no-such-program"]))
        self.fails(CODES["DENIED"], "EXEC", ARG=["/etc/passwd"])
        self.fails(CODES["INVALID"], "EXEC", ARG=[script])
        self.fails(CODES["NOT_FOUND"], "EXEC", ARG=["/bin/true"], CWD="/nonexistent")
        self.fails(CODES["NOT_FOUND"], "EXEC", ARG=["/bin/true"], USER="no-such-user")
        self.fails(CODES["INVALID"], "EXEC")
        self.fails(CODES["INVALID"], "EXEC", ARG=[""])
        self.assertEqual({}, self.guest.call("LIST"))

    def test_bounds(self):
        invalid = CODES["INVALID"]
        self.fails(invalid, "EXEC", ARG=[b"/bin/echo", b"a\0b"])
        self.fails(invalid, "EXEC", ARG=["/bin/true"], ENV=[b"A=\0"])
        self.fails(invalid, "EXEC", ARG=["/bin/true"], ENV=["NOVALUE"])
        self.fails(invalid, "EXEC", ARG=["/bin/true", "x" * 131072])
        self.fails(invalid, "EXEC", ARG=["/bin/true"] * 4097)
        self.fails(invalid, "EXEC", ARG=["/bin/true"], ENV=["A=b"] * 4097)
        self.fails(invalid, "EXEC", ARG=["/bin/true"], CWD="relative")
        self.fails(invalid, "EXEC", ARG=["/bin/true"], TAG="x" * 257)
        self.fails(invalid, "EXEC", ARG=["/bin/true"], RLIMIT=[struct.pack("<QQQ", 99, 1, 1)])
        self.fails(invalid, "EXEC", ARG=["/bin/true"], RLIMIT=[struct.pack("<QQQ", 7, 64, 64)] * 65)
        self.fails(invalid, "EXEC", ARG=["/bin/true"], STDIN=2)
        self.fails(invalid, "EXEC", ARG=["/bin/true"], PTY=b"\1")
        self.fails(invalid, "STAT", PATH="relative")
        self.fails(invalid, "STAT", PATH=b"/a\0b")
        self.fails(invalid, "STAT", PATH="/" + "x" * 4095)
        self.fails(CODES["NOT_FOUND"], "STAT", PATH="/" + "x/" * 2047)
        self.assertEqual(131071 + 1, len(self.guest.run("/bin/echo", "x" * 131071).out()))

    def test_environment_is_exactly_the_request(self):
        channel = self.guest.run("env", ENV=["PATH=/usr/bin:/bin", "A=1", "B=two words"])
        self.assertEqual(b"PATH=/usr/bin:/bin\nA=1\nB=two words\n", channel.out())
        self.assertEqual(b"", self.guest.run("env").out())

    def test_environment_does_not_touch_guestd(self):
        evil = self.at("evil")
        os.mkdir(evil)
        with open(evil + "/true", "w") as file:
            file.write("#!/bin/sh\necho evil\n")
        os.chmod(evil + "/true", 0o755)
        channel = self.guest.run("true", ENV=["PATH=" + evil, "LD_PRELOAD=/nonexistent.so"])
        self.assertEqual(b"evil\n", channel.out())
        self.assertEqual(b"", self.guest.run("true", ENV=ENV).out())
        self.assertEqual(b"", self.guest.run("true").out())

    def test_no_descriptor_is_inherited(self):
        read, write = os.pipe()
        os.set_inheritable(write, True)
        other = Guest(self.command or [PROGRAM], pass_fds=[write])
        for values in ({}, {"STDIN": 1}, {"PTY": 1}, {"TREE": 1}):
            channel = other.open("EXEC", ARG=["/bin/ls", "/proc/self/fd"], ENV=ENV, **values)
            channel.result()
            self.assertEqual([b"0", b"1", b"2", b"3"], channel.out().split(), values)  # 3 is the folder ls reads
        other.close()
        os.close(read)
        os.close(write)

    def test_signals_are_default(self):
        status = self.guest.run("/bin/cat", "/proc/self/status").out().decode()
        for name in ("SigBlk", "SigIgn", "SigCgt"):
            self.assertIn(name + ":\t0000000000000000", status)

    def test_session_oom_score_and_folder(self):
        channel = self.sh("cat /proc/self/oom_score_adj; pwd; ps -o sid= -p $$; echo $$", CWD=self.folder)
        score, folder, session, pid = channel.out().decode().split()
        self.assertEqual(("500", self.folder, session), (score, folder, pid))

    def test_users(self):
        identity = self.guest.run("id", ENV=ENV, USER="daemon").out()
        self.assertIn(b"uid=1(daemon) gid=1(daemon)", identity)
        status = self.guest.run("/bin/cat", "/proc/self/status", USER=USER).out().decode()
        self.assertIn("Uid:\t12345\t12345\t12345\t12345", status)
        self.assertIn("Gid:\t12345\t12345\t12345\t12345", status)
        self.assertIn("Groups:\t \n", status)
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertIn(name + ":\t0000000000000000", status)
        self.assertIn("gid=12345", self.guest.run("id", ENV=ENV, USER="12345").out().decode())
        self.assertEqual(b"hi", self.sh("printf hi > /dev/stdout", USER=USER).out())

    def test_capabilities_and_no_new_privileges(self):
        status = self.guest.run("/bin/cat", "/proc/self/status", CAPS=0x21, NNP=1).out().decode()
        for name in ("CapPrm", "CapEff", "CapBnd"):
            self.assertIn(name + ":\t0000000000000021", status)
        self.assertIn("CapInh:\t0000000000000000", status)
        self.assertIn("NoNewPrivs:\t1", status)
        status = self.guest.run("/bin/cat", "/proc/self/status", CAPS=0, USER=USER).out().decode()
        self.assertIn("CapBnd:\t0000000000000000", status)

    def test_limits(self):
        limits = [struct.pack("<QQQ", 7, 50, 60), struct.pack("<QQQ", 4, 0, 0)]
        channel = self.sh("ulimit -n; ulimit -Hn; ulimit -c", RLIMIT=limits)
        self.assertEqual(b"50\n60\n0\n", channel.out())

    def test_timeout_kills_the_group(self):
        channel = self.open_sh("sleep 61 & sleep 61", TIMEOUT_MS=150)
        result = channel.result(5)
        self.assertEqual((3, 9), (result["CAUSE"], result["EXIT_SIGNAL"]))

    def test_cpu_time(self):
        for limit in (struct.pack("<QQQ", 0, 1, 1), struct.pack("<QQQ", 0, 1, 5)):
            result = self.open_sh("while :; do :; done", RLIMIT=[limit]).result(20)
            self.assertEqual(4, result["CAUSE"])

    def test_stdin(self):
        data = os.urandom(3_000_000)
        channel = self.guest.open("EXEC", ARG=["/bin/cat"], STDIN=1)
        channel.accepted()
        channel.send(data)
        channel.eof()
        channel.result()
        self.assertEqual(data, channel.out())
        self.assertEqual(b"", self.guest.run("/bin/cat").out())

    def test_stdin_that_nobody_reads(self):
        channel = self.open_sh("exec <&-; sleep 0.2; echo end", STDIN=1)
        channel.accepted()
        channel.send(b"x" * 1_000_000)
        self.assertEqual(0, channel.result()["EXIT_CODE"])

    def test_output_that_a_descendant_holds(self):
        channel = self.open_sh("sleep 63 & echo hello")
        begin = time.monotonic()
        channel.result(5)
        self.assertEqual(b"hello\n", channel.out())
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual({1, 2}, channel.eofs)
        self.sh("kill -9 $(pgrep -f 'sleep 63')")

    def test_terminal(self):
        channel = self.open_sh("tty; stty size; read line; echo got $line; stty size", PTY=1, ROWS=31, COLS=101, USER=USER)
        number = channel.accepted()["PROCESS"][0]
        self.guest.wait(lambda: b"31 101" in channel.out())
        self.guest.call("RESIZE", PROCESS=number, ROWS=40, COLS=120)
        channel.send(b"abc\n")
        channel.result()
        self.assertIn(b"/dev/pts/", channel.out())
        self.assertIn(b"got abc\r\n40 120", channel.out())

    def test_list_and_forget(self):
        channel = self.open_sh("exec sleep 60", TAG="mine")
        number = channel.accepted()["PROCESS"][0]
        entry = self.guest.call("LIST")["ENTRY"][0]
        self.assertEqual(([b"mine"], [1], [b"/bin/sh"]), (entry["TAG"], entry["RUNNING"], entry["ARG"]))
        self.fails(CODES["CONFLICT"], "FORGET", PROCESS=number)
        self.guest.call("SIGNAL", PROCESS=number, SIGNAL=15)
        channel.result()
        self.assertEqual([2], self.guest.call("LIST")["ENTRY"][0]["CAUSE"])
        self.guest.call("FORGET", PROCESS=number)
        self.assertEqual({}, self.guest.call("LIST"))
        self.fails(CODES["NOT_FOUND"], "FORGET", PROCESS=number)

    def test_ended_processes_are_bounded(self):
        for _ in range(270):
            self.guest.run("/bin/true")
        self.assertEqual(256, len(self.guest.call("LIST")["ENTRY"]))

    def test_cancel_detaches(self):
        channel = self.open_sh("sleep 0.2; echo later")
        number = channel.accepted()["PROCESS"][0]
        channel.cancel()
        self.assertEqual(1, channel.result()["CANCELLED"])
        attached = self.guest.open("ATTACH", PROCESS=number)
        attached.result()
        self.assertEqual(b"later\n", attached.out())

    def test_attach_takes_over(self):
        channel = self.open_sh("echo one; read line; echo two", STDIN=1, TAG="t")
        number = channel.accepted()["PROCESS"][0]
        self.guest.wait(lambda: channel.out())
        second = self.guest.open("ATTACH", PROCESS=number, OFFSET=[4, 0])
        second.accepted()
        self.assertEqual(1, channel.result()["CANCELLED"])
        self.assertEqual(([4, 0], [0, 0], [0], [b"t"]), (second.response["OFFSET"], second.response["LOST"],
                                                        second.response["STDIN_OFFSET"], second.response["TAG"]))
        second.send(b"\n")
        second.result()
        self.assertEqual(b"two\n", second.out())
        third = self.guest.open("ATTACH", PROCESS=number)
        third.result()
        self.assertEqual([4, 0], third.response["OFFSET"])
        self.assertEqual(b"two\n", third.out())
        self.fails(CODES["INVALID"], "ATTACH", PROCESS=number, OFFSET=[99, 0])

    def test_drop_oldest(self):
        channel = self.open_sh("head -c 3000000 /dev/zero; printf tail; sleep 60", OUTPUT=1)
        number = channel.accepted()["PROCESS"][0]
        channel.cancel()
        channel.result()
        got = len(channel.out())
        time.sleep(0.5)
        attached = self.guest.open("ATTACH", PROCESS=number, OFFSET=[got, 0])
        attached.accepted()
        start, lost = attached.response["OFFSET"][0], attached.response["LOST"][0]
        self.assertEqual(start, got + lost)
        self.assertGreater(lost, 2_000_000)
        self.guest.wait(lambda: attached.out().endswith(b"tail"))
        self.assertEqual(3000004, start + len(attached.out()))
        self.guest.call("SIGNAL", PROCESS=number, SIGNAL=9, SCOPE=1)
        attached.result()

    def test_blocked_output_loses_nothing(self):
        channel = self.open_sh("seq 1 300000")
        number = channel.accepted()["PROCESS"][0]
        channel.cancel()
        channel.result()
        got = channel.out()
        time.sleep(0.2)
        attached = self.guest.open("ATTACH", PROCESS=number, OFFSET=[len(got), 0])
        attached.result()
        expected = b"".join(b"%d\n" % i for i in range(1, 300001))
        self.assertEqual(expected, got + attached.out())

    def test_replay_over_new_hosts(self):
        """50 MB through a host that goes away every few MB: no byte lost, none twice."""
        size = 50_000_000
        channel = self.open_sh("head -c %d /dev/urandom | tee %s" % (size, self.at("copy")))
        number = channel.accepted()["PROCESS"][0]
        collected = bytearray()
        epoch = 1
        while True:
            goal = len(collected) + 4_000_000
            self.guest.wait(lambda: channel.done() or len(collected) + len(channel.data[1]) >= goal)
            collected += channel.data[1]
            if channel.done():
                break
            epoch += 1
            self.guest.hello(epoch)
            # What came on the old channel until the hello was received by the host that is gone: it does not count,
            # unless it was acknowledged.
            channel = self.guest.open("ATTACH", PROCESS=number, OFFSET=[len(collected), 0])
            channel.accepted()
            self.assertEqual([0, 0], channel.response["LOST"])
        self.assertGreater(epoch, 8)
        with open(self.at("copy"), "rb") as file:
            self.assertTrue(file.read() == collected)

    def test_credit_stalls_and_resumes(self):
        channel = self.open_sh("head -c 1000000 /dev/zero", auto_credit=False)
        channel.accepted()
        self.guest.wait(lambda: len(channel.data[1]) >= 262144)
        self.assertFalse(self.guest.pump(0.2))
        self.assertEqual(262144, len(channel.data[1]))
        self.guest.give(channel, 1)
        self.guest.wait(lambda: len(channel.data[1]) >= 2 * 262144)
        channel.auto_credit = True
        self.guest.give(channel, 1)
        channel.result()
        self.assertEqual(1000000, len(channel.data[1]))

    def test_more_credit_than_was_sent_is_a_violation(self):
        channel = self.open_sh("echo x; sleep 1", auto_credit=False)
        channel.accepted()
        self.guest.wait(lambda: channel.out())
        self.guest.send(channel.number, CREDIT, struct.pack("<I", 3), 1)
        self.guest.wait(lambda: self.guest.control_errors)

    def test_zombies_are_reaped(self):
        self.sh("for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.05 &) ; done")
        pid = self.guest.process.pid

        def children():
            with os.popen("ps -e -o ppid=,stat= --no-headers") as out:
                return [line for line in out if "Z" in line and line.split()[0] in self.family(pid)]
        time.sleep(0.3)
        self.until(lambda: not children())

    def family(self, pid):
        out = {str(pid)}
        try:
            with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
                for child in file.read().split():
                    out |= self.family(int(child))
        except OSError:
            pass
        return out

    def test_tree_is_killed_as_a_whole(self):
        script = "setsid sh -c 'sleep 64 & sleep 64' & (setsid sleep 64 &); sleep 0.2; echo ready; %s"
        channel = self.open_sh(script % "exit 5", TREE=1)
        self.assertEqual(5, channel.result()["EXIT_CODE"])
        self.assertEqual("", os.popen("pgrep -f 'sleep 6[4]'").read())
        channel = self.open_sh(script % "sleep 64", TREE=1, TIMEOUT_MS=600)
        self.assertEqual((3, 9), (channel.result()["CAUSE"], channel.end["EXIT_SIGNAL"][0]))
        self.assertEqual("", os.popen("pgrep -f 'sleep 6[4]'").read())
        channel = self.open_sh(script % "sleep 64", TREE=1)
        number = channel.accepted()["PROCESS"][0]
        self.guest.wait(lambda: b"ready" in channel.out())
        self.guest.call("SIGNAL", PROCESS=number, SIGNAL=9, SCOPE=2)
        self.assertEqual(2, channel.result()["CAUSE"])
        self.assertEqual("", os.popen("pgrep -f 'sleep 6[4]'").read())

    def test_tree_fork_bomb(self):
        # The limit counts the processes of the user, who has no others.
        limit = [struct.pack("<QQQ", 6, 60, 60)]
        bomb = "import os,time\nwhile True:\n try: os.fork()\n except OSError: time.sleep(0.001)\n"
        channel = self.guest.open("EXEC", ARG=["/usr/bin/python3", "-c", bomb], TREE=1, USER="54321:54321", RLIMIT=limit,
                                  TIMEOUT_MS=1500)
        self.assertEqual(3, channel.result(30)["CAUSE"])
        self.assertEqual("", os.popen("pgrep -u 54321").read())

    def test_exec_while_a_bulk_transfer_runs(self):
        with open(self.at("big"), "wb") as file:
            file.truncate(1 << 30)
        bulk = self.guest.open("READ", PATH=self.at("big"), keep=False)
        bulk.accepted()
        slowest = 0
        for _ in range(20):
            begin = time.monotonic()
            self.guest.run("/bin/true")
            slowest = max(slowest, time.monotonic() - begin)
        self.assertLess(slowest, 2)
        if not bulk.done():
            bulk.cancel()
            self.guest.wait(bulk.done)

    def test_round_robin(self):
        with open(self.at("big"), "wb") as file:
            file.truncate(1 << 20)
        channels = [self.guest.open("READ", PATH=self.at("big")) for _ in range(2)]
        self.guest.data_log = []
        for channel in channels:
            channel.result()
        first = self.guest.data_log[:12]
        self.assertTrue(4 <= sum(n == channels[0].number for n in first) <= 8, first)

    def test_shutdown(self):
        channel = self.open_sh("trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done")
        channel.accepted()
        time.sleep(0.2)
        self.open_sh("trap '' TERM; echo deaf; while :; do sleep 0.05; done").accepted()
        end = self.guest.open("SHUTDOWN", TIMEOUT_MS=700)
        end.result(10)
        self.assertEqual(b"bye\n", channel.out())
        self.assertEqual(0, self.guest.process.wait(5))


class Files(Case):
    def test_stat_and_links(self):
        os.symlink("target", self.at("link"))
        stat = self.guest.call("STAT", PATH=self.at("link"))
        self.assertEqual((3, b"target"), (stat["TYPE"], stat["TARGET"]))
        self.fails(CODES["NOT_FOUND"], "STAT", PATH=self.at("link"), FLAGS=1)
        stat = self.guest.call("STAT", PATH=self.folder)
        real = os.stat(self.folder)
        self.assertEqual((2, 0o755, real.st_ino, real.st_mtime_ns),
                         (stat["TYPE"], stat["MODE"], stat["INODE"], stat["MTIME_NS"]))

    def test_write_and_read(self):
        data = os.urandom(5_000_000)
        self.assertEqual({"SIZE": len(data)}, self.put(self.at("a/b/c"), data, FLAGS=CREATE | PARENTS, MODE=0o604))
        self.assertEqual(0o604, os.stat(self.at("a/b/c")).st_mode & 0o7777)
        self.assertEqual(0o755, os.stat(self.at("a")).st_mode & 0o7777)
        channel = self.guest.open("READ", PATH=self.at("a/b/c"))
        self.assertEqual(len(data), channel.result()["SIZE"])
        self.assertEqual(data, channel.out())
        self.assertEqual({1}, channel.eofs)
        channel = self.guest.open("READ", PATH=self.at("a/b/c"), OFFSET=1000, LIMIT=2000)
        channel.result()
        self.assertEqual(data[1000:3000], channel.out())

    def test_write_in_place(self):
        path = self.at("f")
        self.fails(CODES["NOT_FOUND"], "WRITE", PATH=path)
        self.put(path, b"0123456789", FLAGS=CREATE)
        self.put(path, b"ab", OFFSET=3)
        self.put(path, b"xy", FLAGS=APPEND)
        with open(path, "rb") as file:
            self.assertEqual(b"012ab56789xy", file.read())
        self.put(path, b"new", FLAGS=TRUNCATE)
        self.assertEqual(3, os.stat(path).st_size)
        self.fails(CODES["EXISTS"], "WRITE", PATH=path, FLAGS=CREATE | EXCLUSIVE)
        os.symlink(self.at("through"), self.at("link"))
        self.put(self.at("link"), b"1", FLAGS=CREATE)
        self.assertTrue(os.path.exists(self.at("through")))

    def test_write_atomic(self):
        path = self.at("f")
        with open(path, "w") as file:
            file.write("old")
        os.chmod(path, 0o640)
        os.chown(path, 7, 8)
        channel = self.guest.open("WRITE", PATH=path, FLAGS=CREATE | ATOMIC)
        channel.accepted()
        channel.send(b"new content")
        self.assertEqual("old", open(path).read())
        channel.eof()
        channel.result()
        status = os.stat(path)
        self.assertEqual(("new content", 0o640, 7, 8), (open(path).read(), status.st_mode & 0o7777, status.st_uid, status.st_gid))
        channel = self.guest.open("WRITE", PATH=path, FLAGS=CREATE | ATOMIC)
        channel.accepted()
        channel.send(b"never")
        self.assertEqual(2, len(os.listdir(self.folder)))
        channel.cancel()
        channel.result()
        self.assertEqual((["f"], "new content"), (os.listdir(self.folder), open(path).read()))
        self.fails(CODES["EXISTS"], "WRITE", PATH=path, FLAGS=CREATE | ATOMIC | EXCLUSIVE)
        self.fails(CODES["INVALID"], "WRITE", PATH=path, FLAGS=APPEND | ATOMIC)

    def test_only_regular_files(self):
        os.mkfifo(self.at("fifo"))
        for path in (self.at("fifo"), "/dev/null", self.folder):
            self.fails(CODES["INVALID"], "READ", PATH=path)
            self.fails(CODES["INVALID"], "WRITE", PATH=path, FLAGS=CREATE)
        self.fails(CODES["DENIED"], "WRITE", PATH="/proc/self/mem")
        self.assertGreater(len(self.read("/proc/cpuinfo")), 10)

    def read(self, path, **values):
        channel = self.guest.open("READ", PATH=path, **values)
        channel.result()
        return channel.out()

    def test_rights_of_the_user(self):
        with open(self.at("secret"), "w") as file:
            file.write("x")
        os.chmod(self.at("secret"), 0o600)
        mine = self.user_folder()
        os.symlink(self.at("secret"), mine + "/link")
        os.symlink("/etc/shadow", mine + "/shadow")
        denied = CODES["DENIED"]
        for path in (self.at("secret"), mine + "/link", mine + "/shadow"):
            self.fails(denied, "READ", PATH=path, USER=USER)
            self.fails(denied, "WRITE", PATH=path, USER=USER, FLAGS=CREATE)
        self.fails(denied, "MKDIR", PATH=self.at("no"), USER=USER)
        self.fails(denied, "REMOVE", PATH=self.at("secret"), USER=USER)
        self.fails(denied, "CHMOD", PATH=mine + "/link", MODE=0o777, USER=USER)
        self.fails(denied, "CHOWN", PATH=mine, UID=0, GID=0, USER=USER)
        self.put(mine + "/new", b"x", FLAGS=CREATE, USER=USER)
        status = os.stat(mine + "/new")
        self.assertEqual((12345, 12345), (status.st_uid, status.st_gid))
        # and guestd is itself again
        self.assertEqual(b"x", self.read(self.at("secret")))

    def test_folders(self):
        self.guest.call("MKDIR", PATH=self.at("d"), MODE=0o700)
        self.assertEqual(0o700, os.stat(self.at("d")).st_mode & 0o7777)
        self.fails(CODES["EXISTS"], "MKDIR", PATH=self.at("d"))
        self.guest.call("MKDIR", PATH=self.at("d/e/f"), FLAGS=PARENTS, MODE=0o711)
        self.guest.call("MKDIR", PATH=self.at("d/e/f"), FLAGS=PARENTS)
        self.assertEqual(0o711, os.stat(self.at("d/e/f")).st_mode & 0o7777)
        self.guest.call("MOVE", PATH=self.at("d"), TARGET=self.at("g"))
        os.mkdir(self.at("h"))
        self.fails(CODES["EXISTS"], "MOVE", PATH=self.at("g"), TARGET=self.at("h"), FLAGS=EXCLUSIVE)
        self.fails(CODES["EXISTS"], "REMOVE", PATH=self.at("g"))
        self.assertEqual({"COUNT": 1}, self.guest.call("REMOVE", PATH=self.at("h")))
        self.assertEqual({"COUNT": 3}, self.guest.call("REMOVE", PATH=self.at("g"), FLAGS=1))
        self.fails(CODES["NOT_FOUND"], "REMOVE", PATH=self.at("g"), FLAGS=1)

    def test_attributes(self):
        path = self.at("f")
        open(path, "w").close()
        os.symlink("f", self.at("l"))
        self.guest.call("CHMOD", PATH=path, MODE=0o751)
        self.guest.call("CHOWN", PATH=path, UID=3, GID=4)
        self.guest.call("CHOWN", PATH=self.at("l"), UID=5)
        status = os.stat(path)
        self.assertEqual((0o751, 3, 4), (status.st_mode & 0o7777, status.st_uid, status.st_gid))
        self.assertEqual(5, os.lstat(self.at("l")).st_uid)
        self.guest.call("SYMLINK", PATH=self.at("s"), TARGET="anything")
        self.assertEqual("anything", os.readlink(self.at("s")))
        try:
            self.guest.call("XATTR", PATH=path, KIND=2, NAME="user.a", VALUE=b"\0\1v")
        except Failed as failed:
            self.assertEqual(CODES["UNSUPPORTED"], failed.code)
            return
        self.assertEqual({"VALUE": b"\0\1v"}, self.guest.call("XATTR", PATH=path, KIND=1, NAME="user.a"))
        self.assertEqual({"NAME": [b"user.a"]}, self.guest.call("XATTR", PATH=path, KIND=3))
        self.guest.call("XATTR", PATH=path, KIND=4, NAME="user.a")
        self.fails(CODES["NOT_FOUND"], "XATTR", PATH=path, KIND=1, NAME="user.a")
        self.fails(CODES["INVALID"], "XATTR", PATH=path, KIND=2, NAME="security.x", VALUE=b"1")
        self.fails(CODES["INVALID"], "XATTR", PATH=path, KIND=2, NAME="user.a", VALUE=b"x" * 60001)

    def make_tree(self):
        os.makedirs(self.at("t/d1/d2/d3"))
        os.symlink("/etc", self.at("t/d1/link"))
        for name in ("t/a", "t/d1/b", "t/d1/d2/c", "t/d1/d2/d3/" + "long" * 60):
            with open(self.at(name), "wb") as file:
                file.write(name.encode() * 100)
        os.chmod(self.at("t/a"), 0o751)
        os.utime(self.at("t/a"), (1000, 1000))

    def listing(self, **values):
        channel = self.guest.open("LIST_DIR", **values)
        result = channel.result()
        return {e["PATH"][0].decode(): e for e in parse(channel.out()).get("ENTRY", [])}, result

    def test_list_dir(self):
        self.make_tree()
        entries, result = self.listing(PATH=self.at("t"))
        self.assertEqual({"a", "d1"}, set(entries))
        self.assertEqual({"COUNT": 2, "TRUNCATED": 0}, result)
        entries, result = self.listing(PATH=self.at("t"), DEPTH=64)
        self.assertEqual(8, result["COUNT"])
        self.assertEqual([b"/etc"], entries["d1/link"]["TARGET"])
        self.assertNotIn("d1/link/passwd", entries)
        entries, result = self.listing(PATH=self.at("t"), DEPTH=64, LIMIT=3)
        self.assertEqual((3, 1), (len(entries), result["TRUNCATED"]))
        self.fails(CODES["INVALID"], "LIST_DIR", PATH=self.at("t/a"))
        self.fails(CODES["INVALID"], "LIST_DIR", PATH=self.at("t"), DEPTH=65)
        os.mkdir(self.at("many"))
        for i in range(5000):
            open(self.at("many", "file%05d" % i), "w").close()
        entries, result = self.listing(PATH=self.at("many"))
        self.assertEqual((5000, 5000), (len(entries), result["COUNT"]))

    def test_remove_a_large_tree_beside_other_work(self):
        for i in range(40):
            os.makedirs(self.at("r/%d/x/y" % i))
            for j in range(100):
                open(self.at("r/%d/x/%d" % (i, j)), "w").close()
        os.symlink("/etc", self.at("r/etc"))
        removal = self.guest.open("REMOVE", PATH=self.at("r"), FLAGS=1)
        self.guest.run("/bin/true")
        self.assertEqual(40 * 103 + 2, removal.result()["COUNT"])
        self.assertTrue(os.path.exists("/etc/passwd"))
        self.assertFalse(os.path.exists(self.at("r")))

    def test_depth_is_bounded(self):
        depth = 300
        here = os.open(self.folder, os.O_RDONLY)
        for _ in range(depth):
            os.mkdir("d", dir_fd=here)
            here, old = os.open("d", os.O_RDONLY, dir_fd=here), here
            os.close(old)
        os.close(here)
        self.fails(CODES["LIMIT"], "REMOVE", PATH=self.at("d"), FLAGS=1)

    def test_tar_out(self):
        self.make_tree()
        channel = self.guest.open("TAR_OUT", PATH=self.at("t"))
        result = channel.result()
        archive = tarfile.open(fileobj=io.BytesIO(channel.out()))
        names = {member.name: member for member in archive}
        self.assertEqual({"a", "d1", "d1/b", "d1/link", "d1/d2", "d1/d2/c", "d1/d2/d3", "d1/d2/d3/" + "long" * 60}, set(names))
        self.assertEqual((0o751, 1000, b"t/a" * 100), (names["a"].mode, names["a"].mtime, archive.extractfile("a").read()))
        self.assertEqual("/etc", names["d1/link"].linkname)
        self.assertEqual(len(channel.out()), result["SIZE"])
        channel = self.guest.open("TAR_OUT", PATH=self.at("t/a"))
        channel.result()
        self.assertEqual(["a"], tarfile.open(fileobj=io.BytesIO(channel.out())).getnames())
        self.fails(CODES["LIMIT"], "TAR_OUT", PATH=self.at("t"), LIMIT=2000)

    def unpack(self, data, **values):
        values.setdefault("PATH", self.at("in"))
        os.makedirs(values["PATH"], exist_ok=True)
        channel = self.guest.open("TAR_IN", **values)
        channel.accepted()
        channel.send(data)
        if not channel.done():
            channel.eof()
        return channel.result()

    def archive(self, *members, form=tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as tar:
            for name, kind, content in members:
                info = tarfile.TarInfo(name)
                info.type = kind
                info.mode = 0o4751
                info.mtime = 1234567.5
                if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                    info.linkname = content
                    tar.addfile(info)
                else:
                    info.size = len(content)
                    tar.addfile(info, io.BytesIO(content))
        return out.getvalue()

    def test_tar_in(self):
        long = "p/" * 60 + "n" * 200
        for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
            shutil.rmtree(self.at("in"), ignore_errors=True)
            data = self.archive(("./d", tarfile.DIRTYPE, b""), ("d/f", tarfile.REGTYPE, b"x" * 100000),
                                ("d/s", tarfile.SYMTYPE, "../../.."), ("h", tarfile.LNKTYPE, "d/f"),
                                (long, tarfile.REGTYPE, b"long"), ("empty", tarfile.REGTYPE, b""), form=form)
            self.assertEqual({"COUNT": 6, "SIZE": 100004}, self.unpack(data))
            status = os.stat(self.at("in/d/f"))
            self.assertEqual((0o751, 2, 100000, 1234567), (status.st_mode & 0o7777, status.st_nlink, status.st_size, int(status.st_mtime)))
            self.assertEqual("../../..", os.readlink(self.at("in/d/s")))
            self.assertEqual(b"long", open(self.at("in", long), "rb").read())
            self.assertEqual({"COUNT": 6, "SIZE": 100004}, self.unpack(data))  # over itself

    def test_tar_in_refuses(self):
        def refused(code, *members, **values):
            with self.assertRaises(Failed) as caught:
                self.unpack(self.archive(*members), **values)
            self.assertEqual(code, caught.exception.code, caught.exception.message)
        invalid, limit, f = CODES["INVALID"], CODES["LIMIT"], tarfile.REGTYPE
        refused(invalid, ("/abs", f, b"x"))
        refused(invalid, ("a/../../b", f, b"x"))
        refused(invalid, ("l", tarfile.SYMTYPE, "/tmp"), ("l/x", f, b"x"))
        refused(invalid, ("l2", tarfile.SYMTYPE, "."), ("l2", tarfile.DIRTYPE, b""))
        refused(invalid, ("dev", tarfile.CHRTYPE, b""))
        refused(invalid, ("fifo", tarfile.FIFOTYPE, b""))
        refused(invalid, ("hl", tarfile.LNKTYPE, "../outside"))
        refused(limit, ("a", f, b"x" * 100), ("b", f, b"x" * 100), LIMIT=150)
        refused(limit, ("a", f, b""), ("b", f, b""), COUNT=1)
        with self.assertRaises(Failed):
            self.unpack(self.archive(("a", f, b"x" * 2000))[:1500])
        with self.assertRaises(Failed):
            self.unpack(b"garbage" * 200)
        self.assertFalse(os.path.exists(self.at("b")))

    def test_swapped_links_lead_nowhere(self):
        """A tenant swaps a folder of its own for a link to a folder that it may not write, thousands of times."""
        mine, victim = self.user_folder(), self.at("victim")
        os.mkdir(victim)
        open(victim + "/keep", "w").close()
        os.mkdir(victim + "/sub")
        swapper = self.guest.open("EXEC", USER=USER, ARG=["/usr/bin/python3", "-c", """
import os, time
os.chdir(%r)
end = time.time() + 8
n = 0
while time.time() < end and not os.path.exists('stop'):
    for call in (lambda: os.mkdir('d'), lambda: os.mkdir('d/sub'), lambda: os.rename('d', 'd%%d' %% (n %% 3)),
                 lambda: os.symlink(%r, 'd'), lambda: os.unlink('d')):
        try: call()
        except OSError: pass
    n += 1
print(n)
""" % (mine, victim)])
        swapper.accepted()
        data = self.archive(("d/x", tarfile.REGTYPE, b"x"), ("d/sub/y", tarfile.REGTYPE, b"y"))
        for i in range(150):
            for op, values in (("WRITE", dict(PATH=mine + "/d/x", FLAGS=CREATE | PARENTS)),
                               ("WRITE", dict(PATH=mine + "/d/z", FLAGS=CREATE | ATOMIC)),
                               ("TAR_IN", dict(PATH=mine)), ("REMOVE", dict(PATH=mine + "/d", FLAGS=1))):
                channel = self.guest.open(op, USER=USER, **values)
                try:
                    if op != "REMOVE":
                        channel.accepted()
                        channel.send(data if op == "TAR_IN" else b"data")
                        channel.eof()
                    channel.result()
                except Failed:
                    pass
        open(mine + "/stop", "w").close()
        swapper.result()
        self.assertGreater(int(swapper.out()), 1000)
        self.assertEqual({"keep", "sub"}, set(os.listdir(victim)))
        self.assertEqual([], os.listdir(victim + "/sub"))

    def events(self, channel):
        return [(e["KIND"][0], e.get("PATH", [b""])[0].decode()) for e in channel.events]

    def test_watch(self):
        os.makedirs(self.at("w/sub"))
        channel = self.guest.open("WATCH", PATH=self.at("w"), FLAGS=1)
        channel.accepted()
        steps = [
            (lambda: open(self.at("w/f"), "w").close(), (1, "f")),
            (lambda: self.write(self.at("w/sub/g"), "x"), (2, "sub/g")),
            (lambda: os.chmod(self.at("w/f"), 0o600), (5, "f")),
            (lambda: os.rename(self.at("w/f"), self.at("w/h")), (4, "f")),
            (lambda: None, (1, "h")),
            (lambda: os.makedirs(self.at("w/n/m")), (1, "n/m")),
        ]
        for act, event in steps:
            act()
            self.guest.wait(lambda: event in self.events(channel))
        time.sleep(0.1)
        self.write(self.at("w/n/m/deep"), "x")
        self.guest.wait(lambda: (2, "n/m/deep") in self.events(channel))
        os.rename(self.at("w/n"), self.at("w/o"))
        self.guest.wait(lambda: (4, "n") in self.events(channel))
        time.sleep(0.2)
        self.write(self.at("w/o/m/deep"), "y")
        self.guest.wait(lambda: (2, "o/m/deep") in self.events(channel))
        os.unlink(self.at("w/h"))
        self.guest.wait(lambda: (3, "h") in self.events(channel))
        shutil.rmtree(self.at("w"))
        self.assertEqual({}, channel.result())
        self.fails(CODES["NOT_FOUND"], "WATCH", PATH=self.at("none"))

    def write(self, path, text):
        with open(path, "w") as file:
            file.write(text)

    def test_watch_not_recursive(self):
        os.makedirs(self.at("w/sub"))
        channel = self.guest.open("WATCH", PATH=self.at("w"))
        channel.accepted()
        self.write(self.at("w/sub/x"), "x")
        self.write(self.at("w/y"), "x")
        self.guest.wait(lambda: (2, "y") in self.events(channel))
        self.assertFalse([e for e in self.events(channel) if "sub/" in e[1]])
        channel.cancel()
        self.assertEqual(1, channel.result()["CANCELLED"])

    def test_watch_flood_ends_in_overflow_or_order(self):
        os.mkdir(self.at("w"))
        channel = self.guest.open("WATCH", PATH=self.at("w"))
        channel.accepted()
        for i in range(20000):
            open(self.at("w", str(i)), "w").close()
        self.write(self.at("w/last"), "x")
        self.guest.wait(lambda: (2, "last") in self.events(channel) or 6 in [e[0] for e in self.events(channel)], 20)
        channel.cancel()
        channel.result()


class Network(Case):
    def test_listeners_and_dial(self):
        server = socket.create_server(("127.0.0.1", 0))
        port = server.getsockname()[1]
        found = self.guest.call("LISTENERS").get("ENTRY", [])
        self.assertIn((b"127.0.0.1", port), [(e["ADDRESS"][0], e["PORT"][0]) for e in found])
        data = os.urandom(4_000_000)

        def serve():
            connection, _ = server.accept()
            with connection:
                got = bytearray()
                while chunk := connection.recv(65536):
                    got += chunk
                connection.sendall(bytes(got))
        thread = threading.Thread(target=serve)
        thread.start()
        channel = self.guest.open("DIAL", PORT=port)
        channel.accepted()
        channel.send(data)
        channel.eof()
        channel.result()
        self.assertTrue(data == channel.out())
        self.assertEqual({1}, channel.eofs)
        thread.join()
        server.close()
        self.fails(CODES["REFUSED"], "DIAL", PORT=port)
        self.fails(CODES["INVALID"], "DIAL", PORT=80, ADDRESS="10.0.0.1")
        self.fails(CODES["INVALID"], "DIAL", PORT=0)

    def test_dial_ipv6(self):
        try:
            server = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 here")
        port = server.getsockname()[1]
        channel = self.guest.open("DIAL", PORT=port, ADDRESS="::1")
        channel.accepted()
        found = self.guest.call("LISTENERS").get("ENTRY", [])
        self.assertIn((b"::1", port), [(e["ADDRESS"][0], e["PORT"][0]) for e in found])
        channel.cancel()
        channel.result()
        server.close()

    def test_metrics(self):
        metrics = self.guest.call("METRICS")
        self.assertGreater(metrics["MEM_TOTAL"], metrics["MEM_AVAILABLE"])
        for name in ("DISK_TOTAL", "PROCESSES", "MEM_AVAILABLE"):
            self.assertGreater(metrics[name], 0, name)
        self.assertIn("LOAD1_MILLI", metrics)


def as_process_one(case):
    """The same tests with guestd as process 1 of a pid namespace."""
    return type(case.__name__ + "AsProcessOne", (case,), {
        "command": ["unshare", "-pf", "--mount-proc", "--kill-child", PROGRAM], "__module__": "__main__"})


def main():
    global PROGRAM
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    cases = [Control, Processes, Files, Network]
    for case in cases[:3]:
        globals()[case.__name__ + "AsProcessOne"] = as_process_one(case)
    unittest.main(argv=sys.argv, verbosity=1)


if __name__ == "__main__":
    main()
