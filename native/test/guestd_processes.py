"""Processes: how they start, what they may and how they end."""
import os
import signal
import struct
import time

from guestd_case import Case, CREATE, ENV, USER
from stream import CODES, END, EOF, Guest, RESPONSE


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
        # An empty variable of the caller's must not make the program root.
        self.fails(CODES["NOT_FOUND"], "EXEC", ARG=["/bin/true"], USER="")
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

    def test_a_tree_that_ends_while_guestd_stands_still_is_accepted_once(self):
        for i in range(100):
            tree = self.guest.open("EXEC", ARG=["/bin/echo"], TREE=1)
            time.sleep(i / 100000)  # somewhere between the fork and the execve
            os.kill(self.guest.process.pid, signal.SIGSTOP)
            time.sleep(0.005)  # it ends
            os.kill(self.guest.process.pid, signal.SIGCONT)
            self.assertEqual(0, tree.result()["EXIT_CODE"])
            self.assertEqual(1, tree.order.count(RESPONSE))

    def test_no_descriptor_is_inherited(self):
        read, write = os.pipe()
        os.set_inheritable(write, True)
        other = Guest(self.command, pass_fds=[write])
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

    def test_release(self):
        fifo = self.at("fifo")
        self.guest.call("FIFO", PATH=fifo, MODE=0o644)
        self.fails(CODES["EXISTS"], "FIFO", PATH=fifo)
        channel = self.guest.open("EXEC", ARG=["/bin/sh", fifo], ENV=ENV, USER=USER)
        process, pid = (channel.accepted()[name][0] for name in ("PROCESS", "PID"))
        self.until(lambda: self.state(pid) == "S")
        self.guest.call("SIGNAL", PROCESS=process, SIGNAL=19)
        self.until(lambda: self.state(pid) == "T")
        self.guest.call("REMOVE", PATH=fifo)
        self.put(fifo, b"ulimit -n; ulimit -Hn; exec sleep 60", FLAGS=CREATE)
        self.fails(CODES["INVALID"], "RELEASE", PROCESS=process, RLIMIT=[b"short"])
        self.assertEqual("T", self.state(pid))
        self.guest.call("RELEASE", PROCESS=process, RLIMIT=[struct.pack("<QQQ", 7, 50, 60)], TIMEOUT_MS=300)
        result = channel.result(5)
        self.assertEqual((b"50\n60\n", 3), (channel.out(), result["CAUSE"]))
        self.assertLess(result["WALL_US"], 2_000_000)
        self.fails(CODES["CONFLICT"], "RELEASE", PROCESS=process)
        self.fails(CODES["NOT_FOUND"], "RELEASE", PROCESS=9999)

    def state(self, pid):
        """As guestd sees it, whose numbers of processes may be its own."""
        stat = self.guest.run("/bin/cat", f"/proc/{pid}/stat").out().decode()
        return stat.rsplit(")", 1)[1].split()[0]

    def test_release_counts_cpu_time(self):
        channel = self.open_sh("kill -STOP $$; while :; do :; done")
        process, pid = (channel.accepted()[name][0] for name in ("PROCESS", "PID"))
        self.until(lambda: self.state(pid) == "T")
        self.guest.call("RELEASE", PROCESS=process, RLIMIT=[struct.pack("<QQQ", 0, 1, 1)])
        self.assertEqual(4, channel.result(20)["CAUSE"])

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
        channel = self.open_sh("tty; stty size; read line; echo got $line; stty size", PTY=1, ROWS=31, COLS=101,
                               USER=USER)
        number = channel.accepted()["PROCESS"][0]
        self.guest.wait(lambda: b"31 101" in channel.out())
        self.guest.call("RESIZE", PROCESS=number, ROWS=40, COLS=120)
        channel.send(b"abc\n")
        channel.result()
        self.assertIn(b"/dev/pts/", channel.out())
        self.assertIn(b"got abc\r\n40 120", channel.out())

    def test_terminal_end_of_file(self):
        for turn in range(50):  # cat closes the terminal before it exits: that must not become a SIGHUP
            channel = self.guest.open("EXEC", ARG=["/bin/cat"], PTY=1)
            if turn % 2 == 0:  # else before guestd has even started it
                channel.accepted()
            channel.send(b"x\n")
            channel.eof()
            end = channel.result(5)
            number = channel.response["PROCESS"][0]
            self.assertEqual((1, 0, None), (end.get("CAUSE"), end.get("EXIT_CODE"), end.get("EXIT_SIGNAL")), end)
            self.assertEqual(b"x\r\nx\r\n", channel.out())
            self.fails(CODES["CONFLICT"], "RESIZE", PROCESS=number, ROWS=1, COLS=1)

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
