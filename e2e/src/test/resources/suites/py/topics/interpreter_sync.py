"""Running code with state, through the blocking package."""
from e2b_code_interpreter import Sandbox
from e2b import InvalidArgumentException, NotFoundException, SandboxNotRunningException, TimeoutException

from harness import Topic, equal, raises, until

topic = Topic(__name__, Sandbox)
scenario = topic.scenario


@scenario("state-output-and-errors")
def state(t):
    sandbox = t.shared()
    sandbox.run_code("x = 1")
    execution = sandbox.run_code("x += 1; print('out'); x")
    equal((execution.text, "".join(execution.logs.stdout), execution.error), ("2", "out\n", None))
    error = sandbox.run_code("1 / 0").error
    equal((error.name, error.value), ("ZeroDivisionError", "division by zero"))
    assert "ZeroDivisionError" in error.traceback


@scenario("callbacks")
def callbacks(t):
    out, err, results, errors = [], [], [], []
    t.shared().run_code(
        "import sys\nprint('o')\nprint('e', file=sys.stderr)\n7",
        on_stdout=out.append, on_stderr=err.append, on_result=results.append, on_error=errors.append,
    )
    equal("".join(m.line for m in out), "o\n")
    equal("".join(m.line for m in err), "e\n")
    equal([result.text for result in results], ["7"])
    equal(errors, [])


@scenario("languages")
def languages(t):
    sandbox = t.shared()
    equal(sandbox.run_code("40 + 2", language="javascript").text, "42")
    equal("".join(sandbox.run_code("echo $((40 + 2))", language="bash").logs.stdout), "42\n")


@scenario("environment-of-a-run")
def environment(t):
    sandbox = t.shared()
    code = "import os; os.environ.get('OF_RUN')"
    equal(sandbox.run_code(code, envs={"OF_RUN": "r"}).text, "r")
    equal(sandbox.run_code(code).text, None)


@scenario("contexts")
def contexts(t):
    sandbox = t.shared()
    context = sandbox.create_code_context(cwd="/tmp", language="python")
    equal((context.cwd, context.language), ("/tmp", "python"))
    sandbox.run_code("y = 5", context=context)
    equal(sandbox.run_code("y", context=context).text, "5")
    equal(sandbox.run_code("y").error.name, "NameError")
    assert context.id in [one.id for one in sandbox.list_code_contexts()]
    sandbox.restart_code_context(context)
    equal(sandbox.run_code("y", context=context).error.name, "NameError")
    with raises(InvalidArgumentException):
        sandbox.run_code("1", context=context, language="python")
    sandbox.remove_code_context(context.id)
    with raises(NotFoundException):
        sandbox.run_code("1", context=context)


@scenario("time-limit")
def time_limit(t):
    sandbox = t.create()
    with raises(TimeoutException):
        sandbox.run_code("while True: pass", timeout=2)
    until("an answer", lambda: sandbox.run_code("'free'").text == "free", 40)


@scenario("chart", seconds=180)
def chart(t):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2], [3, 4])\nplt.title('T')\nplt.show()"
    results = t.shared().run_code(code, timeout=120).results
    found = next(result for result in results if result.chart)
    equal((found.chart.type.value, found.chart.title), ("line", "T"))
    equal([tuple(point) for point in found.chart.elements[0].points], [(1, 3), (2, 4)])
    assert found.png


@scenario("dead-sandbox")
def dead(t):
    sandbox = t.create()
    sandbox.kill()
    with raises((SandboxNotRunningException, TimeoutException)):
        sandbox.run_code("1")
