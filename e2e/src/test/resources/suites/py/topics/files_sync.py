"""Files and watchers, through the blocking SDK."""
import hashlib
import io
import os

from e2b import (
    FileNotFoundException,
    FilesystemEventType,
    FileType,
    InvalidArgumentException,
    Sandbox,
)

from harness import Topic, equal, raises, until

topic = Topic(__name__, Sandbox)
scenario = topic.scenario


@scenario("write-and-read")
def write_and_read(t):
    files = t.shared().files
    info = files.write("/home/user/ä/b.txt", "Grüße\n")
    equal((info.name, info.path, info.type), ("b.txt", "/home/user/ä/b.txt", FileType.FILE))
    equal(files.read("/home/user/ä/b.txt"), "Grüße\n")
    data = bytes(range(256))
    files.write("bytes", data)
    equal(files.read("/home/user/bytes", format="bytes"), data)
    equal(b"".join(files.read("/home/user/bytes", format="stream")), data)
    files.write("empty", "")
    equal((files.read("empty"), files.read("empty", format="bytes")), ("", b""))


@scenario("every-kind-of-upload")
def uploads(t):
    files = t.shared().files
    text = "compressible\n" * 20000
    for i, options in enumerate([{}, {"use_octet_stream": True}, {"gzip": True}]):
        files.write(f"/tmp/up{i}", text, **options)
        equal(files.read(f"/tmp/up{i}"), text)
        equal(files.read(f"/tmp/up{i}", gzip=True), text)
    files.write("/tmp/io", io.BytesIO(b"from a file"))
    equal(files.read("/tmp/io"), "from a file")
    files.write("/tmp/iterable", (chunk for chunk in [b"one ", b"two"]))
    equal(files.read("/tmp/iterable"), "one two")
    written = files.write_files([{"path": "/tmp/w/a", "data": "A"}, {"path": "/tmp/w/b", "data": b"B"}])
    equal([info.path for info in written], ["/tmp/w/a", "/tmp/w/b"])


@scenario("large-file-both-ways", seconds=180)
def large_file(t):
    sandbox = t.shared()
    chunk = os.urandom(1 << 20)
    digest = hashlib.sha256()

    def source():
        for _ in range(24):
            digest.update(chunk)
            yield chunk

    sandbox.files.write("/home/user/large", source())
    assert sandbox.commands.run("sha256sum large").stdout.startswith(digest.hexdigest())
    back = hashlib.sha256()
    for part in sandbox.files.read("/home/user/large", format="stream"):
        back.update(part)
    equal(back.hexdigest(), digest.hexdigest())
    sandbox.files.remove("/home/user/large")


@scenario("metadata")
def metadata(t):
    files = t.shared().files
    wanted = {"author": "somebody", "x-note": "a b"}
    equal(files.write("/tmp/meta", "x", metadata=wanted).metadata, wanted)
    equal(files.get_info("/tmp/meta").metadata, wanted)


@scenario("info-list-and-exists")
def info_and_list(t):
    sandbox = t.shared()
    files = sandbox.files
    sandbox.commands.run("mkdir -p tree/a && echo 12345 > tree/f && chmod 640 tree/f && ln -s f tree/l")
    info = files.get_info("/home/user/tree/f")
    equal((info.size, info.mode, info.permissions, info.owner), (6, 0o640, "-rw-r-----", "user"))
    assert info.modified_time is not None
    assert files.get_info("/home/user/tree/l").symlink_target.endswith("f")
    equal(sorted(entry.name for entry in files.list("/home/user/tree")), ["a", "f", "l"])
    files.write("/home/user/tree/a/deep", "x")
    equal(len(files.list("/home/user/tree", depth=2)), 4)
    equal((files.exists("/home/user/tree"), files.exists("/home/user/none")), (True, False))
    equal(next(e for e in files.list("/home/user/tree") if e.name == "a").type, FileType.DIR)


@scenario("make-rename-remove")
def make_rename_remove(t):
    files = t.shared().files
    equal((files.make_dir("/home/user/d/e"), files.make_dir("/home/user/d/e")), (True, False))
    files.write("/home/user/d/x", "x")
    equal(files.rename("/home/user/d/x", "/home/user/d/y").path, "/home/user/d/y")
    files.remove("/home/user/d")
    equal(files.exists("/home/user/d"), False)


@scenario("errors")
def errors(t):
    files = t.shared().files
    for call in (files.read, files.get_info, files.list, files.watch_dir):
        with raises(FileNotFoundException):
            call("/home/user/none")
    with raises(FileNotFoundException):
        files.rename("/home/user/none", "/home/user/x")
    with raises(InvalidArgumentException):
        files.read("/tmp")
    with raises(InvalidArgumentException):
        files.write("/tmp", "x")
    files.write("/tmp/plain", "x")
    with raises(InvalidArgumentException):
        files.make_dir("/tmp/plain")


@scenario("watch")
def watch(t):
    files = t.shared().files
    files.make_dir("/home/user/watched")
    handle = files.watch_dir("/home/user/watched", recursive=True, include_entry=True)
    events = []

    def seen(kind, name):
        events.extend(handle.get_new_events())
        return next((event for event in events if (event.type, event.name) == (kind, name)), None)

    files.write("/home/user/watched/a", "four")
    event = until("a write", lambda: seen(FilesystemEventType.WRITE, "a"))
    equal(event.entry.path, "/home/user/watched/a")
    files.make_dir("/home/user/watched/below")
    until("a folder", lambda: seen(FilesystemEventType.CREATE, "below"))
    files.write("/home/user/watched/below/b", "x")
    until("a file below", lambda: seen(FilesystemEventType.CREATE, "below/b"))
    files.remove("/home/user/watched/a")
    until("a removal", lambda: seen(FilesystemEventType.REMOVE, "a"))
    handle.stop()
    with raises(Exception):
        handle.get_new_events()
