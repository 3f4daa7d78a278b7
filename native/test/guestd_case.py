"""A test case with a guestd of its own, and what the cases share."""
import os
import shutil
import tempfile
import time
import unittest

from stream import Failed, Guest


ENV = ["PATH=/usr/bin:/bin"]
CREATE, TRUNCATE, EXCLUSIVE, PARENTS, APPEND, ATOMIC = 1, 2, 4, 8, 16, 32
USER = "12345:12345"


class Case(unittest.TestCase):
    command = []  # of the guestd under test; set by guestd_test.py

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="guestd-test-")
        os.chmod(self.folder, 0o755)
        self.guest = self.start()

    def start(self, epoch=1, **options):
        return Guest(self.command, epoch, **options)

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
