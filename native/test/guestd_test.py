#!/usr/bin/python3
"""Tests of guestd over its stream: guestd_test.py PROGRAM [unittest options]. Needs root."""
import os
import socket
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from guestd_attachment import Attachment
from guestd_case import Case
from guestd_files import Files
from guestd_processes import Processes
from guestd_trees import Trees
from stream import CODES, Channel, DATA, Failed, PING, REQUEST, fields


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


def as_process_one(case, program):
    """The same tests with guestd as process 1 of a pid namespace."""
    return type(case.__name__ + "AsProcessOne", (case,), {
        "command": ["unshare", "-pf", "--mount-proc", "--kill-child", program], "__module__": "__main__"})


def main():
    program = os.path.abspath(sys.argv.pop(1))
    Case.command = [program]
    for case in (Control, Processes, Attachment, Files, Trees):
        globals()[case.__name__ + "AsProcessOne"] = as_process_one(case, program)
    unittest.main(argv=sys.argv, verbosity=1)


if __name__ == "__main__":
    main()
