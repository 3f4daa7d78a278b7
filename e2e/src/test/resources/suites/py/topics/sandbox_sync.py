"""Life of sandboxes, through the blocking SDK."""
import datetime
import ssl
import urllib.error
import urllib.request
import uuid

from e2b import (
    AuthenticationException,
    Sandbox,
    SandboxException,
    SandboxNotFoundException,
    SandboxNotRunningException,
    SandboxQuery,
    SandboxState,
    Template,
)

from harness import PASS, RUN, Topic, equal, raises, until

topic = Topic(__name__, Sandbox)
scenario = topic.scenario

MISSING = "0nosuchsandbox00000000000"


def seconds_left(sandbox):
    return (sandbox.get_info().end_at - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def near(value, expected):
    assert abs(value - expected) < 6, f"{value} is not near {expected}"


def everything(**options):
    paginator = Sandbox.list(**options)
    found = []
    while paginator.has_next:
        found += paginator.next_items()
    return found


def ids(sandboxes):
    return [sandbox.sandbox_id for sandbox in sandboxes]


@scenario("create-and-kill")
def create_and_kill(t):
    sandbox = t.create()
    assert sandbox.is_running()
    assert sandbox.kill()
    assert not sandbox.is_running()
    equal(sandbox.kill(), False)
    equal(Sandbox.kill(MISSING), False)


@scenario("options-and-info")
def options_and_info(t):
    metadata = {"run": RUN, "odd key": "ü & = %"}
    sandbox = t.create("base", timeout=120, metadata=metadata, envs={"A": "b c"})
    info = sandbox.get_info()
    equal(info.sandbox_id, sandbox.sandbox_id)
    equal(info.metadata, metadata)
    equal(info.name, "base")
    equal(info.state, SandboxState.RUNNING)
    equal(info.lifecycle, {"on_timeout": "kill", "auto_resume": False})
    near((info.end_at - info.started_at).total_seconds(), 120)
    assert info.cpu_count >= 1 and info.memory_mb >= 64
    equal(sandbox.commands.run("echo $A").stdout, "b c\n")
    equal(Sandbox.get_info(sandbox.sandbox_id), info)


@scenario("idempotency-key")
def idempotency_key(t):
    key = str(uuid.uuid4())
    first = t.create(idempotency_key=key)
    second = t.create(idempotency_key=key)
    equal(second.sandbox_id, first.sandbox_id)
    assert t.create(idempotency_key=str(uuid.uuid4())).sandbox_id != first.sandbox_id


@scenario("errors")
def errors(t):
    with raises(SandboxException, "404.*not found") as caught:
        Sandbox.create("no-such-template")
    equal(caught.error.status_code, 404)
    with raises(SandboxNotFoundException):
        Sandbox.get_info(MISSING)
    with raises(SandboxNotFoundException):
        Sandbox.connect(MISSING)
    with raises(AuthenticationException):
        Sandbox.create(api_key="e2b_" + "0" * 40)
    with raises(SandboxException, "400"):
        Sandbox.create(timeout=-5)


@scenario("connect-and-timeouts")
def connect_and_timeouts(t):
    sandbox = t.create(timeout=600)
    sandbox.files.write("/tmp/x", "x")
    again = Sandbox.connect(sandbox.sandbox_id, timeout=30)
    equal(again.files.read("/tmp/x"), "x")
    near(seconds_left(sandbox), 600)
    sandbox.set_timeout(90)
    near(seconds_left(sandbox), 90)
    Sandbox.set_timeout(sandbox.sandbox_id, 200)
    near(seconds_left(sandbox), 200)


@scenario("expires")
def expires(t):
    sandbox = t.create(timeout=2)
    until("its end", lambda: not sandbox.is_running())
    with raises(SandboxNotRunningException):
        sandbox.files.read("/etc/hostname")
    with raises(SandboxNotFoundException):
        sandbox.get_info()


@scenario("killed-in-the-middle-of-a-command")
def killed_in_the_middle(t):
    sandbox = t.create()
    command = sandbox.commands.run("echo here; sleep 60", background=True, timeout=0)
    for stdout, _, _ in command:
        equal(stdout, "here\n")
        break
    sandbox.kill()
    with raises(SandboxNotRunningException):
        command.wait()


@scenario("context-manager")
def context_manager(t):
    with t.create() as sandbox:
        assert sandbox.is_running()
    assert not sandbox.is_running()


@scenario("pause-and-connect")
def pause_and_connect(t):
    sandbox = t.create()
    command = sandbox.commands.run("sleep 300", background=True, timeout=0)
    equal(sandbox.pause(), True)
    equal(sandbox.pause(), False)
    equal(sandbox.get_info().state, SandboxState.PAUSED)
    equal(sandbox.is_running(), False)
    with raises(SandboxNotRunningException):
        sandbox.commands.run("true")
    resumed = Sandbox.connect(sandbox.sandbox_id)
    assert command.pid in [process.pid for process in resumed.commands.list()]
    with raises(SandboxNotFoundException):
        Sandbox.pause(MISSING)


@scenario("pause-of-the-file-system-only")
def pause_file_system(t):
    sandbox = t.create()
    sandbox.files.write("/home/user/kept", "kept")
    sandbox.commands.run("sleep 300", background=True, timeout=0)
    equal(sandbox.beta_pause(mode="filesystem"), True)
    sandbox.connect()
    equal(sandbox.files.read("/home/user/kept"), "kept")
    equal(sandbox.commands.list(), [])


@scenario("strict-pause")
def strict_pause(t):
    sandbox = t.create()
    equal(sandbox.pause(strict=True), True)
    sandbox.connect(on_resume="reboot")
    equal(sandbox.commands.run("echo up").stdout, "up\n")


@scenario("paused-by-its-deadline-and-resumed-by-a-call")
def auto_pause_and_resume(t):
    sandbox = t.create(timeout=2, lifecycle={"on_timeout": "pause", "auto_resume": True})
    until("the pause", lambda: sandbox.get_info().state == SandboxState.PAUSED)
    equal(sandbox.commands.run("echo awake").stdout, "awake\n")


@scenario("list")
def listing(t):
    metadata = {"run": RUN + " sync&", "x": "ü=%"}
    made = [t.create(metadata=metadata).sandbox_id for _ in range(3)]
    query = SandboxQuery(metadata=metadata)
    equal(ids(everything(query=query, order="asc")), made)
    equal(ids(everything(query=query, order="desc", limit=2)), made[::-1])
    Sandbox.pause(made[0])
    paused = SandboxQuery(metadata=metadata, state=[SandboxState.PAUSED])
    equal(ids(everything(query=paused)), made[:1])
    running = SandboxQuery(metadata=metadata, state=[SandboxState.RUNNING])
    equal(set(ids(everything(query=running))), set(made[1:]))
    started = Sandbox.get_info(made[2]).started_at
    equal(ids(everything(query=SandboxQuery(metadata=metadata, started_after=started))), made[2:])
    equal(ids(everything(query=SandboxQuery(metadata=metadata, template="no-such-template"))), [])


@scenario("metrics")
def metrics(t):
    sandbox = t.create()
    found = until("metrics", sandbox.get_metrics, 20)[-1]
    assert found.cpu_count >= 1 and found.cpu_used_pct >= 0
    assert 0 < found.mem_used <= found.mem_total and found.mem_cache >= 0
    assert 0 <= found.disk_used <= found.disk_total
    start = datetime.datetime.now() - datetime.timedelta(minutes=1)
    assert sandbox.get_metrics(start=start, end=datetime.datetime.now() + datetime.timedelta(seconds=1))


@scenario("ports")
def ports(t):
    sandbox = t.create()
    sandbox.files.write("/home/user/www/index.html", "hello")
    command = "python3 -m http.server 8000 --bind 127.0.0.1 --directory /home/user/www"
    sandbox.commands.run(command, background=True, timeout=0)
    url = f"https://{sandbox.get_host(8000)}/"

    def fetch():
        try:
            with urllib.request.urlopen(url, context=ssl.create_default_context(), timeout=10) as response:
                return response.read()
        except urllib.error.HTTPError:
            return None

    equal(until("the server", fetch), b"hello")


@scenario("signed-urls")
def signed_urls(t):
    sandbox = t.create()
    sandbox.files.write("/home/user/ä b.txt", "signed")
    url = sandbox.download_url("/home/user/ä b.txt", use_signature_expiration=60)
    context = None if url.startswith("http:") else ssl.create_default_context()
    try:
        with urllib.request.urlopen(url, context=context, timeout=10) as response:
            equal(response.read(), b"signed")
        assert PASS != "http", "a shared origin cannot know whose it is"
    except urllib.error.HTTPError as error:
        equal((PASS, error.code), ("http", 404))


@scenario("template-exists")
def template_exists(t):
    equal(Template.exists("base"), True)
    equal(Template.exists("no-such-template"), False)
    equal(Template.alias_exists("code-interpreter-v1"), True)
