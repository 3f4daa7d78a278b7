"""Trees of files: listing, removal, archives, watching."""
import io
import os
import shutil
import tarfile
import time

from guestd_case import ATOMIC, CREATE, Case, PARENTS, USER
from stream import CODES, Failed, parse


class Trees(Case):
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
        self.assertEqual({"a", "d1", "d1/b", "d1/link", "d1/d2", "d1/d2/c", "d1/d2/d3", "d1/d2/d3/" + "long" * 60},
                         set(names))
        self.assertEqual((0o751, 1000, b"t/a" * 100),
                         (names["a"].mode, names["a"].mtime, archive.extractfile("a").read()))
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
            self.assertEqual((0o751, 2, 100000, 1234567),
                             (status.st_mode & 0o7777, status.st_nlink, status.st_size, int(status.st_mtime)))
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
end = time.time() + 60
n = 0
while time.time() < end and not os.path.exists('stop'):
    for call in (lambda: os.mkdir('d'), lambda: os.mkdir('d/sub'), lambda: os.rename('d', 'd%%d' %% (n %% 3)),
                 lambda: os.symlink(%r, 'd'), lambda: os.unlink('d')):
        try: call()
        except OSError: pass
    n += 1
    if n == 2000: open('many', 'w').close()
print(n)
""" % (mine, victim)])
        swapper.accepted()
        data = self.archive(("d/x", tarfile.REGTYPE, b"x"), ("d/sub/y", tarfile.REGTYPE, b"y"))
        rounds, deadline = 0, time.monotonic() + 60
        while rounds < 150 or not os.path.exists(mine + "/many"):
            self.assertLess(time.monotonic(), deadline, "the swapper made too few swaps")
            rounds += 1
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
        self.assertGreaterEqual(int(swapper.out()), 2000)
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
