"""The few lines of IPython's that people write without thinking: !command, %pip, %cd, %%bash and the like."""
import ast
import os
import re
import subprocess
import sys
import time

ASSIGNED = re.compile(r"^(\s*)([A-Za-z_][\w.,\s]*?)\s*=\s*([!%])(?!=)(.+)$")
SPECIAL = re.compile(r"^(\s*)([!%])(?!=)(.+)$")
QUIET = {"matplotlib", "load_ext", "reload_ext", "autoreload", "config", "precision", "pylab", "pprint"}


class UsageError(Exception):
    pass


class Shell:
    def __init__(self, kernel):
        self.kernel = kernel
        kernel.names["__skerry_magic__"] = self

    # From a cell to Python

    def python(self, code):
        if code.lstrip().startswith("%%"):
            return self._cell_magic(code.lstrip())
        if self._parses(code):
            return code
        dedented = self._dedent(code)
        if self._parses(dedented):
            return dedented
        translated = "\n".join(self._line(line) for line in dedented.split("\n"))
        return translated if translated != dedented else code if dedented == code else dedented

    @staticmethod
    def _parses(code):
        try:
            compile(code, "<cell>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
            return True
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return False

    @staticmethod
    def _dedent(code):
        lines = code.split("\n")
        first = next((line for line in lines if line.strip()), "")
        indent = first[: len(first) - len(first.lstrip())]
        if not indent:
            return code
        return "\n".join(line[len(indent):] if line.startswith(indent) else line for line in lines)

    @staticmethod
    def _line(line):
        found = ASSIGNED.match(line)
        if found:
            indent, target, mark, rest = found.groups()
            call = "captured" if mark == "!" else "magic"
            return "%s%s = __skerry_magic__.%s(%r)" % (indent, target, call, rest)
        found = SPECIAL.match(line)
        if not found:
            return line
        indent, mark, rest = found.groups()
        return "%s__skerry_magic__.%s(%r)" % (indent, "run" if mark == "!" else "magic", rest)

    def _cell_magic(self, code):
        head, _, body = code.partition("\n")
        name, _, rest = head[2:].partition(" ")
        if name in ("time", "timeit", "capture"):
            inner = self.python(body)
            return inner if name != "time" else "__skerry_magic__.begin()\n%s\n__skerry_magic__.took()" % inner
        if name in ("bash", "sh", "script"):
            return "__skerry_magic__.script(%r)" % body
        if name == "writefile":
            return "__skerry_magic__.writefile(%r, %r)" % (rest.strip(), body)
        if name in ("html", "markdown", "latex", "svg", "javascript", "js"):
            return "__skerry_magic__.shown(%r, %r)" % (name, body)
        return "__skerry_magic__.unknown(%r)" % ("%%" + name)

    # What the translated lines call

    def unknown(self, name):
        raise UsageError("magic `%s` is not known here; !command, %%pip, %%cd, %%pwd, %%env, %%time, %%%%bash, "
                         "%%%%time and %%%%writefile are" % name)

    def _expand(self, text):
        """{expression} and $name, where they mean something."""
        def braces(found):
            try:
                return str(eval(found.group(1), self.kernel.names))
            except Exception:
                return found.group(0)

        def dollar(found):
            names = self.kernel.names
            return str(names[found.group(1)]) if found.group(1) in names else found.group(0)

        text = re.sub(r"\{([^{}]+)\}", braces, text)
        return re.sub(r"\$([A-Za-z_]\w*)", dollar, text)

    def _flush(self):
        sys.stdout.flush()
        sys.stderr.flush()

    def run(self, command):
        """Writes straight to the cell's output."""
        self._flush()
        status = subprocess.call(["/bin/bash", "-c", self._expand(command)])
        self.kernel.names["_exit_code"] = status

    def captured(self, command):
        self._flush()
        done = subprocess.run(["/bin/bash", "-c", self._expand(command)], stdout=subprocess.PIPE)
        self.kernel.names["_exit_code"] = done.returncode
        return done.stdout.decode("utf-8", "replace").splitlines()

    def script(self, body):
        self._flush()
        status = subprocess.run(["/bin/bash"], input=body.encode()).returncode
        self.kernel.names["_exit_code"] = status
        if status:
            raise subprocess.CalledProcessError(status, "bash")

    def magic(self, text):
        if text.startswith("%"):
            self.unknown("%" + text.split()[0])
        name, _, rest = text.strip().partition(" ")
        rest = rest.strip()
        if name in QUIET:
            return None
        if name == "pip":
            return self.run("%s -m pip %s" % (sys.executable, rest))
        if name in ("ls", "cat", "mkdir", "rm", "cp", "mv"):
            return self.run(name + " " + rest)
        if name in ("sx", "system"):
            return self.captured(rest)
        if name == "cd":
            os.chdir(os.path.expanduser(self._expand(rest) or "~"))
            print(os.getcwd())
            return None
        if name == "pwd":
            return os.getcwd()
        if name == "env":
            return self._environment(rest)
        if name in ("time", "timeit"):
            self.begin()
            exec(compile(self.python(rest), "<cell magic>", "exec"), self.kernel.names)
            return self.took()
        return self.unknown("%" + name)

    def _environment(self, rest):
        if not rest:
            return dict(os.environ)
        name, equals, value = rest.partition("=")
        if not equals:
            return os.environ.get(name)
        os.environ[name.strip()] = self._expand(value.strip())
        return None

    def begin(self):
        self.started = time.perf_counter()

    def took(self):
        print("Wall time: %.3g s" % (time.perf_counter() - self.started))

    def writefile(self, name, body):
        append = name.startswith("-a ")
        path = os.path.expanduser(name[3:].strip() if append else name)
        with open(path, "a" if append else "w") as file:
            file.write(body)
        print(("Appending to " if append else "Writing ") + path)

    def shown(self, name, body):
        mime = {"html": "text/html", "markdown": "text/markdown", "latex": "text/latex", "svg": "image/svg+xml"}
        import skerry_display

        form = mime.get(name, "application/javascript")
        self.kernel.show(skerry_display.Bundle({"text/plain": "<%s>" % name, form: body}))
