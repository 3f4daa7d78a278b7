"""Files and watchers, through the asynchronous SDK."""
from e2b import AsyncSandbox, FileNotFoundException, FilesystemEventType, InvalidArgumentException, TimeoutException

from harness import Topic, equal, raises, until_async

topic = Topic(__name__, AsyncSandbox)
scenario = topic.scenario


@scenario("write-and-read")
async def write_and_read(t):
    files = (await t.shared()).files
    text = "compressible\n" * 20000
    for i, options in enumerate([{}, {"use_octet_stream": True}, {"gzip": True}]):
        equal((await files.write(f"/tmp/up{i}", text, **options)).path, f"/tmp/up{i}")
        equal(await files.read(f"/tmp/up{i}"), text)
    parts = [part async for part in await files.read("/tmp/up0", format="stream")]
    equal(b"".join(parts), text.encode())
    equal(await files.read("/tmp/up1", format="bytes", gzip=True), text.encode())

    async def source():
        yield b"one "
        yield b"two"

    await files.write("/tmp/stream", source())
    equal(await files.read("/tmp/stream"), "one two")
    equal(len(await files.write_files([{"path": "/tmp/a", "data": "a"}, {"path": "/tmp/b", "data": "b"}])), 2)


@scenario("list-make-rename-remove")
async def listing(t):
    files = (await t.shared()).files
    equal((await files.make_dir("/home/user/d"), await files.make_dir("/home/user/d")), (True, False))
    await files.write("/home/user/d/x", "x", metadata={"k": "v"})
    equal((await files.get_info("/home/user/d/x")).metadata, {"k": "v"})
    await files.rename("/home/user/d/x", "/home/user/d/y")
    equal([entry.name for entry in await files.list("/home/user/d")], ["y"])
    await files.remove("/home/user/d")
    equal(await files.exists("/home/user/d"), False)


@scenario("errors")
async def errors(t):
    files = (await t.shared()).files
    with raises(FileNotFoundException):
        await files.read("/home/user/none")
    with raises(FileNotFoundException):
        await files.list("/home/user/none")
    with raises(InvalidArgumentException):
        await files.read("/tmp")


@scenario("watch")
async def watch(t):
    files = (await t.shared()).files
    await files.make_dir("/home/user/watched")
    events = []
    handle = await files.watch_dir("/home/user/watched", on_event=events.append, recursive=True)
    await files.write("/home/user/watched/below/x", "x")

    def seen(kind, name):
        return any((event.type, event.name) == (kind, name) for event in events)

    await until_async("a folder", lambda: seen(FilesystemEventType.CREATE, "below"))
    await files.write("/home/user/watched/below/y", "y")
    await until_async("a file below", lambda: seen(FilesystemEventType.CREATE, "below/y"))
    await handle.stop()


@scenario("watch-time-limit")
async def watch_time_limit(t):
    files = (await t.shared()).files
    ends = []
    await files.make_dir("/home/user/timed")
    await files.watch_dir("/home/user/timed", on_event=lambda event: None, on_exit=ends.append, timeout=1)
    await until_async("its end", lambda: ends)
    assert isinstance(ends[0], TimeoutException), ends
