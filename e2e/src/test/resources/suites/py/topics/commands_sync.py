"""Commands and terminals, through the blocking SDK."""
import threading
import time

from e2b import (
    AuthenticationException,
    CommandExitException,
    InvalidArgumentException,
    NotFoundException,
    PtySize,
    Sandbox,
    TimeoutException,
)

from harness import Topic, equal, raises, until

topic = Topic(__name__, Sandbox)
scenario = topic.scenario


def pids(sandbox):
    return [process.pid for process in sandbox.commands.list()]


@scenario("output-and-exit-code")
def output_and_exit_code(t):
    commands = t.shared().commands
    result = commands.run("echo out; echo err >&2")
    equal((result.stdout, result.stderr, result.exit_code, result.error), ("out\n", "err\n", 0, None))
    with raises(CommandExitException) as caught:
        commands.run("echo out; exit 7")
    equal((caught.error.exit_code, caught.error.stdout, caught.error.error), (7, "out\n", "exit status 7"))


@scenario("environment-folder-and-user")
def environment(t):
    commands = t.shared().commands
    equal(commands.run("echo $A; pwd; whoami", envs={"A": "b"}, cwd="/tmp").stdout, "b\n/tmp\nuser\n")
    equal(commands.run("id -u; pwd", user="root").stdout, "0\n/root\n")
    with raises(InvalidArgumentException, "/nowhere"):
        commands.run("true", cwd="/nowhere")
    with raises(AuthenticationException, "nobody-here"):
        commands.run("true", user="nobody-here")


@scenario("callbacks")
def callbacks(t):
    out, err, times = [], [], []

    def on_stdout(data):
        out.append(data)
        times.append(time.monotonic())

    script = "echo 1; echo bad >&2; sleep 1; echo 2"
    t.shared().commands.run(script, on_stdout=on_stdout, on_stderr=err.append)
    equal("".join(out), "1\n2\n")
    equal("".join(err), "bad\n")
    assert times[-1] - times[0] > 0.7, "the lines came together"


@scenario("time-limit")
def time_limit(t):
    with raises(TimeoutException):
        t.shared().commands.run("sleep 62.5", timeout=1)
    commands = t.shared().commands
    until("the process to be killed", lambda: commands.run('pgrep -f "sleep 62[.]5" || true').stdout == "")


@scenario("background-list-and-kill")
def background(t):
    sandbox = t.shared()
    command = sandbox.commands.run("sleep 60", background=True)
    found = next(process for process in sandbox.commands.list() if process.pid == command.pid)
    equal((found.cmd, found.args), ("/bin/bash", ["-l", "-c", "sleep 60"]))
    equal(command.kill(), True)
    with raises(CommandExitException) as caught:
        command.wait()
    equal((caught.error.exit_code, caught.error.error), (-1, "signal: killed"))
    equal(sandbox.commands.kill(command.pid), False)


@scenario("stdin")
def stdin(t):
    sandbox = t.shared()
    command = sandbox.commands.run("cat", background=True, stdin=True)
    command.send_stdin("one\n")
    sandbox.commands.send_stdin(command.pid, b"two\n")
    command.close_stdin()
    equal(command.wait().stdout, "one\ntwo\n")
    with raises(NotFoundException):
        sandbox.commands.send_stdin(999999, "x")


@scenario("stream-of-stdin")
def stream_of_stdin(t):
    sandbox = t.shared()
    command = sandbox.commands.run("wc -c", background=True, stdin=True)
    sandbox.commands.stream_input(command.pid, (b"x" * 10000 for _ in range(30)))
    command.close_stdin()
    equal(command.wait().stdout.strip(), "300000")
    with raises(NotFoundException):
        sandbox.commands.stream_input(999999, ["x"])


@scenario("connect")
def connect(t):
    sandbox = t.shared()
    command = sandbox.commands.run("read x; echo got $x; exit 4", background=True, stdin=True)
    command.disconnect()
    again = sandbox.commands.connect(command.pid)
    again.send_stdin("it\n")
    with raises(CommandExitException) as caught:
        again.wait()
    equal((caught.error.stdout, caught.error.exit_code), ("got it\n", 4))
    with raises(NotFoundException):
        sandbox.commands.connect(999999)


@scenario("output-that-is-not-kept")
def not_kept(t):
    seen = []
    result = t.shared().commands.run("seq 1 1000", on_stdout=seen.append, retain_output=False)
    equal(result.stdout, None)
    equal("".join(seen).count("\n"), 1000)


@scenario("large-output")
def large_output(t):
    equal(len(t.shared().commands.run("head -c 6000000 /dev/zero | tr '\\0' x").stdout), 6000000)


@scenario("threads")
def threads(t):
    sandbox = t.shared()
    results = [None] * 16

    def work(i):
        results[i] = sandbox.commands.run(f"sleep 0.2; echo {i}").stdout

    workers = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    equal(results, [f"{i}\n" for i in range(16)])


@scenario("terminal")
def terminal(t):
    sandbox = t.shared()
    handle = sandbox.pty.create(PtySize(rows=17, cols=91), envs={"MINE": "here"}, cwd="/tmp")
    sandbox.pty.send_stdin(handle.pid, b'echo "<$(stty size) $MINE $PWD $TERM>"\n')
    sandbox.pty.resize(handle.pid, PtySize(rows=44, cols=133))
    sandbox.pty.stream_input(handle.pid, [b'echo "<$(stty size)>"; exit 3\n'])
    screen = []
    with raises(CommandExitException) as caught:
        handle.wait(on_pty=lambda data: screen.append(data))
    equal(caught.error.exit_code, 3)
    text = b"".join(screen).decode()
    assert " here /tmp xterm-256color>" in text, text
    assert "<44 133>" in text, text


@scenario("terminal-connect-and-kill")
def terminal_connect(t):
    sandbox = t.shared()
    handle = sandbox.pty.create(PtySize(rows=24, cols=80), timeout=0)
    handle.disconnect()
    again = sandbox.pty.connect(handle.pid)
    equal(again.pid, handle.pid)
    assert handle.pid in pids(sandbox)
    equal(sandbox.pty.kill(handle.pid), True)
    equal(sandbox.pty.kill(handle.pid), False)
