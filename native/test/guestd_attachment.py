"""Processes and their channels: attaching, replay, trees, fairness, the shutdown."""
import os
import struct
import time

from guestd_case import Case, USER
from stream import CODES, CREDIT


class Attachment(Case):
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

    def test_what_is_acknowledged_after_the_end_is_not_repeated(self):
        channel = self.open_sh("echo one; echo two >&2; echo three", auto_credit=False)
        number = channel.accepted()["PROCESS"][0]
        channel.result()
        self.guest.send(channel.number, CREDIT, struct.pack("<I", 4), 1)
        self.guest.send(channel.number, CREDIT, struct.pack("<I", 4), 2)
        self.guest.send(channel.number, CREDIT, struct.pack("<I", 999), 1)  # more than there is: ignored
        self.guest.send(channel.number + 1, CREDIT, struct.pack("<I", 1), 1)  # carried no process: ignored
        again = self.guest.open("ATTACH", PROCESS=number, auto_credit=False)
        again.result()
        self.assertEqual(([4, 4], b"three\n", b""), (again.response["OFFSET"], again.out(), again.out(2)))
        self.guest.send(channel.number, CREDIT, struct.pack("<I", 6), 1)  # not its channel any more
        self.guest.hello(2)
        self.guest.send(again.number, CREDIT, struct.pack("<I", 6), 1)  # of another host
        last = self.guest.open("ATTACH", PROCESS=number)
        last.result()
        self.assertEqual(b"three\n", last.out())

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
        channel = self.guest.open("EXEC", ARG=["/usr/bin/python3", "-c", bomb], TREE=1, USER="54321:54321",
                                  RLIMIT=limit, TIMEOUT_MS=1500)
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
