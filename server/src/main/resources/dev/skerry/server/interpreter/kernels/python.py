"""The Python kernel: runs cells one after the other in one namespace."""
import ast
import asyncio
import builtins
import inspect
import io
import linecache
import os
import sys
import threading
import time
import traceback
import types

import skerry_display
import skerry_magics
from skerry_wire import Wire

FLUSH_SECONDS = 0.1


class StdinNotImplementedError(RuntimeError):
    pass


class Kernel:
    def __init__(self, wire):
        self.wire = wire
        self.count = 0
        self.loop = None
        self.flags = 0
        self.running = threading.Event()
        self.main = types.ModuleType("__main__")
        self.names = self.main.__dict__
        self.names.update(__builtins__=builtins, display=self.display)
        sys.modules["__main__"] = self.main
        sys.argv = [""]
        self.streams()
        skerry_display.install(self.show)
        self.shell = skerry_magics.Shell(self)
        builtins.input = self._no_input
        builtins.exit = builtins.quit = self._exit
        threading.Thread(target=self._flush, name="skerry-flush", daemon=True).start()

    def streams(self):
        def stream(descriptor, name):
            raw = io.FileIO(descriptor, "w", closefd=False)
            text = io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)
            text.mode = "w"
            return text

        sys.stdout = sys.__stdout__ = stream(1, "<stdout>")
        sys.stderr = sys.__stderr__ = stream(2, "<stderr>")

    @staticmethod
    def _no_input(prompt="", /):
        raise StdinNotImplementedError(
            "input() is not available: nobody can answer while this code runs; pass the value in the code")

    @staticmethod
    def _exit(code=None):
        raise SystemExit(code)

    def _flush(self):
        """What is printed without an end of line is seen before the cell ends."""
        while True:
            self.running.wait()
            time.sleep(FLUSH_SECONDS)
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except Exception:
                    pass

    # What cells can call

    def display(self, *values, **options):
        for value in values:
            if isinstance(value, dict) and options.get("raw"):
                value = skerry_display.Bundle(value)
            self.show(value)

    def show(self, value, main=False):
        forms = skerry_display.bundle(value)
        figures = sys.modules.get("matplotlib.figure")
        if main and figures is not None and isinstance(value, figures.Figure):
            value._skerry_shown = True  # it is not shown again at the end
        self.wire.send(skerry_display.result(forms, main))

    # Cells

    def compile(self, source, name):
        """The statements, and the expression at the end whose value is the result."""
        tree = compile(source, name, "exec", ast.PyCF_ONLY_AST | self.flags, dont_inherit=True)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
            last = ast.Expression(tree.body.pop().value)
        flags = self.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        body = compile(tree, name, "exec", flags, dont_inherit=True)
        value = None if last is None else compile(last, name, "eval", flags, dont_inherit=True)
        for feature in ("annotations", "barry_as_FLUFL"):
            self.flags |= body.co_flags & getattr(__import__("__future__"), feature).compiler_flag
        return body, value

    def evaluate(self, code):
        if not code.co_flags & inspect.CO_COROUTINE:
            return eval(code, self.names)
        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        task = self.loop.create_task(eval(code, self.names))
        try:
            return self.loop.run_until_complete(task)
        except BaseException:
            if not task.done():
                task.cancel()
                self.loop.run_until_complete(asyncio.wait([task], timeout=1))
            raise

    def run(self, code):
        name = "<cell %d>" % self.count
        source = self.shell.python(code)
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            self.wire.interrupts.begin()
            body, value = self.compile(source, name)
            self.evaluate(body)
            if value is not None:
                found = self.evaluate(value)
                if found is not None:
                    self.names["_"] = found
                    self.show(found, main=True)
            skerry_display.flush_figures(self.show)
            return None
        except BaseException as e:
            self.wire.interrupts.end()
            return self.error(e)
        finally:
            self.wire.interrupts.end()

    def error(self, e):
        entries = e.__traceback__
        while entries is not None and not entries.tb_frame.f_code.co_filename.startswith("<cell "):
            entries = entries.tb_next
        kind = type(e)
        try:
            value = str(e)
        except Exception:
            value = "(its text cannot be had)"
        if isinstance(e, SystemExit):
            value = str(0 if e.code is None else e.code)
        try:
            shown = traceback.TracebackException(kind, e, entries, compact=True)
            self._without_us(shown)
            text = "".join(shown.format())
        except Exception:
            text = "%s: %s\n" % (kind.__name__, value)
        return {"type": "error", "name": kind.__name__, "value": value, "traceback": text}

    def _without_us(self, shown):
        frames = [frame for frame in shown.stack if not frame.filename.startswith("<skerry_")]
        shown.stack = traceback.StackSummary.from_list(frames)
        for other in (shown.__cause__, shown.__context__):
            if other is not None:
                self._without_us(other)

    def execute(self, request):
        variables = request.get("env") or {}
        before = {name: os.environ.get(name) for name in variables}
        self.count += 1
        self.wire.restore()
        for stream in (sys.stdout, sys.stderr):
            if getattr(stream, "closed", False):
                self.streams()
        self.wire.send({"type": "start", "id": request["id"], "count": self.count})
        os.environ.update(variables)
        self.running.set()
        try:
            try:
                error = self.run(request["code"])
            except KeyboardInterrupt as e:  # it came while another error was being put into words
                error = self.error(e)
            if not self.wire.ours():
                os._exit(0)  # a child that the cell forked has come to the cell's end
            try:
                skerry_display.flush_figures(self.show)
            except Exception as e:
                error = error or self.error(e)
            if error is not None:
                self.wire.send(error)
        finally:
            self.running.clear()
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            self.wire.send({"type": "end", "id": request["id"]})

    # Requests

    def next(self):
        """Lets tasks of earlier cells go on while there is nothing to do."""
        if self.loop is None or self.loop.is_closed() or b"\n" in self.wire.buffer:
            return self.wire.read()
        while not self.wire.ready() and asyncio.all_tasks(self.loop):
            waiting = self.loop.create_future()
            self.loop.add_reader(self.wire.input, lambda: waiting.done() or waiting.set_result(None))
            try:
                self.loop.run_until_complete(waiting)
            except Exception:
                break
            finally:
                self.loop.remove_reader(self.wire.input)
        return self.wire.read()

    def serve(self):
        while True:
            request = self.next()
            if request is None:
                return
            if request.get("op") == "execute":
                self.execute(request)
            elif request.get("op") == "hello":
                self.wire.send({"type": "hello", "id": request["id"], "cwd": START, "count": self.count})


START = os.getcwd()
Kernel(Wire(SETUP["token"])).serve()
