# What a program can find out about the process that it runs in. Nothing here may depend on time or chance.
import sys

modules = list(sys.modules)
first = sys._getframe()
blocks = (first.f_back is None, first.f_code.co_filename, first.f_code.co_name, sorted(globals()))
count = len(sys._current_frames())

import builtins
import gc
import io
import locale
import os
import resource
import signal
import threading
import warnings


def show(name, value):
    print(name, "=", value)


def text(path):
    with open(path, "rb") as file:
        return file.read()


def kind(link):
    return link.split(":[")[0]


show("modules", modules)
show("first frame", blocks)
show("frames", count)
for name in ("argv", "orig_argv", "path", "flags", "executable", "prefix", "base_prefix", "exec_prefix", "warnoptions",
             "_xoptions", "dont_write_bytecode", "pycache_prefix", "platlibdir", "version", "implementation",
             "hash_info", "thread_info", "float_repr_style", "stdlib_module_names"):
    value = getattr(sys, name)
    show("sys." + name, sorted(value) if isinstance(value, frozenset) else value)
show("sys names", sorted(vars(sys)))
show("builtins", sorted(vars(builtins)))
show("importers", sorted((name, type(found).__name__) for name, found in sys.path_importer_cache.items()))
show("finders", [getattr(finder, "__name__", str(type(finder))) for finder in sys.meta_path])
show("hooks", [getattr(hook, "__qualname__", str(hook)) for hook in sys.path_hooks])
show("tracing", (sys.gettrace(), sys.getprofile(), sys.getrecursionlimit(), sys.getswitchinterval()))
show("excepthooks", (sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__,
                     sys.unraisablehook is sys.__unraisablehook__))
for name in ("__name__", "__file__", "__doc__", "__package__", "__spec__", "__cached__", "__annotations__"):
    show(name, globals().get(name, "(none)"))
loader = globals()["__loader__"]
show("loader", (type(loader).__name__, loader.name, loader.path))
show("__builtins__", globals()["__builtins__"] is builtins)
show("main", sys.modules["__main__"].__dict__ is globals())
for stream in (sys.stdin, sys.stdout, sys.stderr):
    show(stream.name, (stream.encoding, stream.errors, stream.line_buffering, stream.write_through, stream.newlines,
                       stream.isatty(), stream.fileno(), stream.mode, type(stream.buffer).__name__,
                       type(stream.buffer.raw).__name__, stream.seekable(), stream.closed, io.DEFAULT_BUFFER_SIZE))
show("streams", (sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__))
show("encodings", (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), sys.getdefaultencoding(),
                   locale.getpreferredencoding(), locale.setlocale(locale.LC_ALL), sys.flags.utf8_mode))
show("warnings", [str(one) for one in warnings.filters])
show("gc", (gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.get_freeze_count(), gc.garbage))
show("threads", ([thread.name for thread in threading.enumerate()], os.listdir("/proc/self/task").__len__()))

show("cwd", os.getcwd())
show("environment", sorted(os.environ.items()))
show("/proc/self/environ", sorted(text("/proc/self/environ").split(b"\0")))
show("/proc/self/cmdline", text("/proc/self/cmdline"))
show("/proc/self/comm", text("/proc/self/comm"))
show("/proc/self/exe", os.readlink("/proc/self/exe"))
show("/proc/self/limits", text("/proc/self/limits").decode())
show("/proc/self/cgroup", text("/proc/self/cgroup"))
show("/proc/self/oom_score_adj", text("/proc/self/oom_score_adj"))
show("/proc/self/mountinfo", text("/proc/self/mountinfo"))
show("maps", sorted({line.split()[5] for line in text("/proc/self/maps").decode().splitlines() if "/" in line}))
show("status", [line for line in text("/proc/self/status").decode().splitlines()
                if not line.startswith(("Vm", "Rss", "Pid", "Tgid", "PPid", "NSpid", "NStgid", "NSpgid", "NSsid",
                                        "voluntary", "nonvoluntary", "HugetlbPages", "FDSize"))])
show("ids", (os.getresuid(), os.getresgid(), os.getgroups(), os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()))
show("parent", text(f"/proc/{os.getppid()}/cmdline"))
show("priority", (os.nice(0), os.sched_getscheduler(0), len(os.sched_getaffinity(0)), os.umask(0o22)))
show("rlimits", sorted((name, resource.getrlimit(getattr(resource, name)))
                       for name in dir(resource) if name.startswith("RLIMIT_")))
show("handlers", [(number, str(signal.getsignal(number))) for number in sorted(signal.valid_signals())])
show("mask", (signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending(), signal.getitimer(signal.ITIMER_REAL)))

descriptors = os.open("/proc/self/fd", os.O_RDONLY)
show("descriptors", sorted((int(name), kind(os.readlink("/proc/self/fd/" + name)))
                           for name in os.listdir(descriptors)))
show("descriptor flags", [(fd, os.get_inheritable(fd), os.get_blocking(fd)) for fd in (0, 1, 2)])
for folder in ("/", "/box", "/tmp", "/dev", "/dev/shm", "/run", "/var/tmp"):
    show(folder, sorted(os.listdir(folder)))
status = os.stat(__file__)
show("file", (oct(status.st_mode), status.st_uid, status.st_gid, status.st_nlink, status.st_size, text(__file__)))
status = os.stat("/box")
show("folder", (oct(status.st_mode), status.st_uid, status.st_gid, status.st_nlink))
