"""Running code with state, through the asynchronous package."""
import asyncio

from e2b_code_interpreter import AsyncSandbox

from harness import Topic, equal

topic = Topic(__name__, AsyncSandbox)
scenario = topic.scenario


@scenario("state-output-and-errors")
async def state(t):
    sandbox = await t.shared()
    await sandbox.run_code("x = 20")
    lines = []

    async def on_stdout(message):
        lines.append(message.line)

    execution = await sandbox.run_code("print('out'); x * 2", on_stdout=on_stdout)
    equal((execution.text, "".join(lines)), ("40", "out\n"))
    equal((await sandbox.run_code("nothing_of_this_name")).error.name, "NameError")


@scenario("contexts-at-the-same-time")
async def contexts(t):
    sandbox = await t.shared()
    made = [await sandbox.create_code_context() for _ in range(2)]
    code = "import time; time.sleep(1); 'done'"
    results = await asyncio.gather(*[sandbox.run_code(code, context=context) for context in made])
    equal([result.text for result in results], ["done", "done"])
    for context in made:
        await sandbox.restart_code_context(context)
        await sandbox.remove_code_context(context)
    left = {context.id for context in await sandbox.list_code_contexts()}
    assert not left & {context.id for context in made}
