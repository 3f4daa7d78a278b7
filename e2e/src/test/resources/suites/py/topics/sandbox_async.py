"""Life of sandboxes, through the asynchronous SDK."""
import asyncio

from e2b import (
    AsyncSandbox,
    AsyncTemplate,
    AuthenticationException,
    SandboxException,
    SandboxNotFoundException,
    SandboxNotRunningException,
    SandboxQuery,
    SandboxState,
)

from harness import RUN, Topic, equal, raises, until_async

topic = Topic(__name__, AsyncSandbox)
scenario = topic.scenario


async def everything(**options):
    paginator = AsyncSandbox.list(**options)
    found = []
    while paginator.has_next:
        found += await paginator.next_items()
    return found


@scenario("create-and-kill")
async def create_and_kill(t):
    sandbox = await t.create(metadata={"a": "b"}, envs={"X": "y"}, timeout=100)
    assert await sandbox.is_running()
    info = await sandbox.get_info()
    equal((info.metadata, info.state, info.name), ({"a": "b"}, SandboxState.RUNNING, "base"))
    equal((await sandbox.commands.run("echo $X")).stdout, "y\n")
    equal(await sandbox.kill(), True)
    equal(await sandbox.is_running(), False)
    equal(await AsyncSandbox.kill(sandbox.sandbox_id), False)


@scenario("errors")
async def errors(t):
    with raises(SandboxException, "404"):
        await AsyncSandbox.create("no-such-template")
    with raises(SandboxNotFoundException):
        await AsyncSandbox.connect("0nosuchsandbox00000000000")
    with raises(AuthenticationException):
        await AsyncSandbox.create(api_key="e2b_" + "0" * 40)


@scenario("connect-and-timeout")
async def connect(t):
    sandbox = await t.create()
    again = await AsyncSandbox.connect(sandbox.sandbox_id)
    await again.files.write("/tmp/x", "x")
    equal(await sandbox.files.read("/tmp/x"), "x")
    await sandbox.set_timeout(0)
    await until_async("its end", lambda: ended(sandbox))


async def ended(sandbox):
    return not await sandbox.is_running()


@scenario("pause-and-connect")
async def pause(t):
    sandbox = await t.create()
    command = await sandbox.commands.run("sleep 300", background=True, timeout=0)
    equal((await sandbox.pause(), await sandbox.pause()), (True, False))
    with raises(SandboxNotRunningException):
        await sandbox.files.read("/etc/hostname")
    await sandbox.connect()
    assert command.pid in [process.pid for process in await sandbox.commands.list()]


@scenario("list-and-pages")
async def listing(t):
    metadata = {"run": RUN + "async"}
    made = [(await t.create(metadata=metadata)).sandbox_id for _ in range(3)]
    query = SandboxQuery(metadata=metadata)
    found = await everything(query=query, limit=2, order="asc")
    equal([info.sandbox_id for info in found], made)


@scenario("metrics")
async def metrics(t):
    sandbox = await t.create()
    found = await until_async("metrics", sandbox.get_metrics, 20)
    assert found[-1].mem_total > 0


@scenario("template-exists")
async def template_exists(t):
    equal(await AsyncTemplate.exists("base"), True)
    equal(await AsyncTemplate.exists("no-such-template"), False)


@scenario("many-at-once", seconds=120)
async def many(t):
    sandboxes = await asyncio.gather(*[t.create() for _ in range(8)])
    outputs = await asyncio.gather(*[one.commands.run(f"echo {i}") for i, one in enumerate(sandboxes)])
    equal([result.stdout for result in outputs], [f"{i}\n" for i in range(8)])


@scenario("context-manager")
async def context_manager(t):
    async with await t.create() as sandbox:
        assert await sandbox.is_running()
    equal(await sandbox.is_running(), False)
