"""Commands and terminals, through the asynchronous SDK."""
import asyncio

from e2b import AsyncSandbox, CommandExitException, NotFoundException, PtySize, TimeoutException

from harness import Topic, equal, raises, until_async

topic = Topic(__name__, AsyncSandbox)
scenario = topic.scenario


@scenario("output-and-exit-code")
async def output(t):
    commands = (await t.shared()).commands
    result = await commands.run("echo out; echo err >&2")
    equal((result.stdout, result.stderr, result.exit_code), ("out\n", "err\n", 0))
    with raises(CommandExitException) as caught:
        await commands.run("exit 9")
    equal(caught.error.exit_code, 9)


@scenario("callbacks")
async def callbacks(t):
    out = []

    async def on_stdout(data):
        out.append(data)

    await (await t.shared()).commands.run("echo 1; sleep 0.3; echo 2", on_stdout=on_stdout)
    equal("".join(out), "1\n2\n")


@scenario("time-limit")
async def time_limit(t):
    with raises(TimeoutException):
        await (await t.shared()).commands.run("sleep 60", timeout=1)


@scenario("background-stdin-and-connect")
async def background(t):
    sandbox = await t.shared()
    command = await sandbox.commands.run("cat", background=True, stdin=True)
    await command.send_stdin("one\n")
    await until_async("output", lambda: command.stdout == "one\n")
    await command.disconnect()
    again = await sandbox.commands.connect(command.pid)
    await sandbox.commands.send_stdin(command.pid, "two\n")
    await again.close_stdin()
    equal((await again.wait()).stdout, "two\n")
    equal(again.exit_code, 0)


@scenario("stream-of-stdin")
async def stream_of_stdin(t):
    sandbox = await t.shared()
    command = await sandbox.commands.run("cat", background=True, stdin=True)
    async with sandbox.commands.stream_input(command.pid) as keys:
        for word in ["a", "b", "c"]:
            await keys.send(word)
        await until_async("output", lambda: command.stdout == "abc")
    await command.close_stdin()
    equal((await command.wait()).stdout, "abc")
    missing = sandbox.commands.stream_input(999999)
    with raises(NotFoundException):
        await missing.close()


@scenario("kill")
async def kill(t):
    sandbox = await t.shared()
    command = await sandbox.commands.run("sleep 60", background=True)
    equal(await command.kill(), True)
    with raises(CommandExitException):
        await command.wait()
    equal(await sandbox.commands.kill(command.pid), False)


@scenario("many-at-once")
async def many(t):
    commands = (await t.shared()).commands
    results = await asyncio.gather(*[commands.run(f"sleep 0.2; echo {i}") for i in range(24)])
    equal([result.stdout for result in results], [f"{i}\n" for i in range(24)])


@scenario("terminal")
async def terminal(t):
    sandbox = await t.shared()
    screen = []
    handle = await sandbox.pty.create(PtySize(rows=17, cols=91), on_data=screen.append)
    await sandbox.pty.send_stdin(handle.pid, b"stty size\n")
    await until_async("the size", lambda: b"17 91" in b"".join(screen))
    await sandbox.pty.resize(handle.pid, PtySize(rows=44, cols=133))
    await sandbox.pty.send_stdin(handle.pid, b"stty size\n")
    await until_async("the new size", lambda: b"44 133" in b"".join(screen))
    await handle.disconnect()
    more = []
    again = await sandbox.pty.connect(handle.pid, on_data=more.append)
    await sandbox.pty.send_stdin(handle.pid, b"echo $((40+2)); exit\n")
    await again.wait()
    assert b"42" in b"".join(more)
    equal(await sandbox.pty.kill(handle.pid), False)
