"""How a kernel speaks to the server that started it.

What the code prints goes to descriptors 1 and 2 and nowhere else, so nobody here has to copy it: not even a library
that prints while it holds the interpreter's lock can block. Events go the same way, as frames that no other output can
be mistaken for, because they begin with a token, and that are too short to be torn by somebody who writes at the same
time:

    0x1e token flag number ":" data "\\n"

An event has a number, which is said on both outputs, so the server knows what was printed before it; on descriptor 2
there is no data. An event too long for one frame comes in several, of which the last has the flag "." and the others
"+". The kernel keeps descriptors of its own for all this: the code may close or redirect 0, 1 and 2.
"""
import fcntl
import json
import os
import select
import signal
import sys
import threading

PIECE = 3500  # with its frame less than PIPE_BUF, so it is written at once or not at all
EVENT_MAX = 16 << 20


def _private(descriptor):
    for lowest in (900, 200, 20):
        try:
            return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
        except OSError:
            continue
    raise OSError("no free file descriptor for the kernel")


class Interrupts:
    """SIGINT stops the code of a cell, and nothing else: not the reading of requests, not an event half written."""

    def __init__(self):
        self.running = False
        self.held = 0
        self.pending = False
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, number, frame):
        if not self.running:
            return
        if self.held:
            self.pending = True
        else:
            raise KeyboardInterrupt

    def begin(self):
        # The code of an earlier cell may have taken the signal for itself.
        if signal.getsignal(signal.SIGINT) != self._on_signal:
            signal.signal(signal.SIGINT, self._on_signal)
        self.pending = False
        self.running = True

    def end(self):
        self.running = False

    def __enter__(self):
        self.held += 1

    def __exit__(self, *_):
        self.held -= 1
        if not self.held and self.pending and self.running:
            self.pending = False
            raise KeyboardInterrupt


class Wire:
    def __init__(self, token):
        self.token = token.encode("ascii")
        self.input = _private(0)
        self.out = _private(1)
        self.err = _private(2)
        self.number = 0
        self.lock = threading.RLock()
        self.interrupts = Interrupts()
        self.owner = os.getpid()
        self.buffer = b""
        self.restore()

    def restore(self):
        """Gives 0, 1 and 2 back their meaning, whatever the code did to them."""
        null = os.open(os.devnull, os.O_RDONLY)
        if null != 0:
            os.dup2(null, 0)
            os.close(null)
        os.dup2(self.out, 1)
        os.dup2(self.err, 2)
        for descriptor in (self.out, self.err):
            os.set_blocking(descriptor, True)

    def ours(self):
        """False in a child that the code forked: the events are not its to send."""
        return os.getpid() == self.owner

    def send(self, event):
        if not self.ours():
            return
        with self.lock, self.interrupts:
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except Exception:
                    pass
            self.number += 1
            text = json.dumps(event, ensure_ascii=True, allow_nan=False)
            if len(text) > EVENT_MAX:
                text = json.dumps({"type": "oversized", "bytes": len(text)})
            data = text.encode("ascii")
            self._frame(self.err, b".", b"")
            last = max(0, len(data) - 1) // PIECE * PIECE
            for at in range(0, last, PIECE):
                self._frame(self.out, b"+", data[at:at + PIECE])
            self._frame(self.out, b".", data[last:])

    def _frame(self, descriptor, flag, data):
        frame = b"\x1e%s%s%d:%s\n" % (self.token, flag, self.number, data)
        while True:
            try:
                os.write(descriptor, frame)
                return
            except BlockingIOError:
                select.select([], [descriptor], [])

    def ready(self):
        """Whether a request, or part of one, can be read without waiting."""
        return bool(select.select([self.input], [], [], 0)[0])

    def read(self):
        """The next request; None once there will be no more."""
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if newline:
                self.buffer = rest
                try:
                    request = json.loads(line)
                except ValueError:
                    continue  # cut off when the server was
                if isinstance(request, dict):
                    return request
                continue
            if not self.fill():
                return None

    def fill(self):
        more = os.read(self.input, 1 << 16)
        self.buffer += more
        return bool(more)
