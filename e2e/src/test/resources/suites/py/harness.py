"""A runner of scenarios. Prints a plan, then for each scenario `ok NAME` or `not ok NAME: MESSAGE` and lines of detail
that begin with #. What a scenario makes with t.create() is killed when it ends, however it ends."""
import asyncio
import importlib
import inspect
import os
import re
import threading
import time
import traceback

PASS = os.environ.get("SKERRY_E2E_PASS")
RUN = f"py{int(time.time() * 1000)}"
ALL = []


class Topic:
    """The scenarios of one file; `sandbox_class` is what t.create() and t.shared() make."""

    def __init__(self, name, sandbox_class):
        self.name = name.rpartition(".")[2]
        self.sandbox_class = sandbox_class
        self.is_async = inspect.iscoroutinefunction(sandbox_class.create)
        self.shared = None

    def scenario(self, short, seconds=60):
        def declare(body):
            ALL.append(Scenario(f"{self.name}/{short}", body, seconds, self))
            return body

        return declare


class Scenario:
    def __init__(self, name, body, seconds, topic):
        self.name = name
        self.body = body
        self.seconds = seconds
        self.topic = topic


class Context:
    """What a blocking scenario gets."""

    def __init__(self, topic):
        self.topic = topic
        self.made = []

    def create(self, *args, **options):
        sandbox = self.topic.sandbox_class.create(*args, **options)
        self.made.append(sandbox.sandbox_id)
        return sandbox

    def shared(self):
        if self.topic.shared is None:
            self.topic.shared = self.topic.sandbox_class.create(timeout=600)
        return self.topic.shared


class AsyncContext(Context):
    async def create(self, *args, **options):
        sandbox = await self.topic.sandbox_class.create(*args, **options)
        self.made.append(sandbox.sandbox_id)
        return sandbox

    async def shared(self):
        if self.topic.shared is None:
            self.topic.shared = await self.topic.sandbox_class.create(timeout=600)
        return self.topic.shared


def until(what, condition, seconds=15):
    """Waits for a condition and returns what it returned."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}, {seconds} s")
        time.sleep(0.025)


async def until_async(what, condition, seconds=15):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}, {seconds} s")
        await asyncio.sleep(0.025)


class Raises:
    """`with raises(Type, "pattern") as caught:` or the same with `async with`; the exception is caught.error."""

    def __init__(self, kind, pattern):
        self.kind = kind
        self.pattern = pattern
        self.error = None

    def check(self, kind, error):
        if kind is None:
            raise AssertionError(f"expected {self.kind.__name__}")
        if not issubclass(kind, self.kind):
            return False
        self.error = error
        if self.pattern and not re.search(self.pattern, str(error)):
            raise AssertionError(f"{self.kind.__name__} says {error!s}, not /{self.pattern}/")
        return True

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return self.check(kind, error)


def raises(kind, pattern=None):
    return Raises(kind, pattern)


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def run_blocking(scenario, context):
    outcome = []

    def body():
        try:
            scenario.body(context)
            outcome.append(None)
        except BaseException as error:  # reported, whatever it is
            outcome.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(scenario.seconds)
    return outcome[0] if outcome else AssertionError(f"still running after {scenario.seconds} s")


async def run_async(scenario, context):
    try:
        await asyncio.wait_for(scenario.body(context), scenario.seconds)
    except BaseException as error:  # reported, whatever it is
        return error
    return None


async def finish(value):
    return await value if inspect.isawaitable(value) else value


def run_one(scenario, loop):
    topic = scenario.topic
    context = AsyncContext(topic) if topic.is_async else Context(topic)
    if topic.is_async:
        failure = loop.run_until_complete(run_async(scenario, context))
    else:
        failure = run_blocking(scenario, context)
    for made in context.made:
        try:
            loop.run_until_complete(finish(topic.sandbox_class.kill(made)))
        except Exception as error:  # the scenario's own failure says more
            failure = failure or error
    if failure is None:
        print(f"ok {scenario.name}", flush=True)
        return True
    message = re.sub(r"\s*\n\s*", " ", str(failure))
    print(f"not ok {scenario.name}: {type(failure).__name__}: {message}")
    for block in traceback.format_exception(failure)[-6:]:
        for line in block.rstrip().split("\n"):
            print(f"# {line}")
    print(end="", flush=True)
    return False


def main(topics):
    for name in topics:
        importlib.import_module(f"topics.{name}")
    only = os.environ.get("SKERRY_E2E_ONLY")
    chosen = [scenario for scenario in ALL if not only or re.search(only, scenario.name)]
    print(f"1..{len(chosen)}", flush=True)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    failed = False
    for i, scenario in enumerate(chosen):
        failed |= not run_one(scenario, loop)
        topic = scenario.topic
        if topic.shared and not any(other.topic is topic for other in chosen[i + 1:]):
            try:
                loop.run_until_complete(finish(topic.shared.kill()))
            except Exception as error:
                print(f"# {error}")
    os._exit(1 if failed else 0)
