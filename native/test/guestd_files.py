"""Single files and folders."""
import os

from guestd_case import APPEND, ATOMIC, CREATE, Case, EXCLUSIVE, PARENTS, TRUNCATE, USER
from stream import CODES, Failed


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
        self.assertEqual(("new content", 0o640, 7, 8),
                         (open(path).read(), status.st_mode & 0o7777, status.st_uid, status.st_gid))
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
