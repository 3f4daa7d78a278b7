"""A small host for the sandbox stream: starts guestd over two pipes and speaks docs/protocol.md to it."""
import os
import select
import struct
import subprocess
import time

HELLO, REQUEST, RESPONSE, DATA, EOF, CREDIT, EVENT, END, ERROR, CANCEL, PING, PONG = range(1, 13)
PAYLOAD_MAX = 65524

TAGS = """OP CODE MESSAGE ERRNO VERSION EPOCH CANCELLED ARG ENV CWD USER TAG PROCESS PID STDIN PTY ROWS COLS RLIMIT
TIMEOUT_MS NNP CAPS OUTPUT SIGNAL SCOPE EXIT_CODE EXIT_SIGNAL CAUSE USER_US SYSTEM_US WALL_US PATH SIZE MODE UID GID
MTIME_NS TYPE TARGET OFFSET LIMIT DEPTH FLAGS NAME VALUE ENTRY KIND PORT ADDRESS ATIME_NS CTIME_NS NLINK COUNT
TRUNCATED INODE MEM_TOTAL MEM_AVAILABLE DISK_TOTAL DISK_AVAILABLE PROCESSES UPTIME_MS LOAD1_MILLI STREAM LOST RUNNING
TREE STDIN_OFFSET PEAK_RSS""".split()
TAG = {name: number for number, name in enumerate(TAGS, 1)}
NAME = {number: name for name, number in TAG.items()}
TEXTS = {"MESSAGE", "ARG", "ENV", "CWD", "USER", "TAG", "PATH", "TARGET", "NAME", "VALUE", "ADDRESS", "RLIMIT"}

CODES = dict(INVALID=1, NOT_FOUND=2, DENIED=3, EXISTS=4, NO_SPACE=5, LIMIT=6, UNSUPPORTED=7, CONFLICT=8,
             IO=9, REFUSED=10)
OPS = dict(EXEC=1, ATTACH=2, SIGNAL=3, LIST=4, RESIZE=5, FORGET=6, RELEASE=7, STAT=16, LIST_DIR=17, READ=18, WRITE=19,
           MKDIR=20, MOVE=21, REMOVE=22, CHMOD=23, CHOWN=24, XATTR=25, SYMLINK=26, TAR_OUT=27, TAR_IN=28, WATCH=29,
           FIFO=30, LISTENERS=40, DIAL=41, METRICS=50, SHUTDOWN=51)


def field(name, value):
    if isinstance(value, int):
        value = struct.pack("<Q", value & (2 ** 64 - 1))
    elif isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    return struct.pack("<I", TAG[name] | len(value) << 8) + value


def fields(**values):
    out = b""
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            out += field(name, one)
    return out


def parse(payload):
    """Fields as a dict of lists."""
    out = {}
    at = 0
    while at < len(payload):
        head, = struct.unpack_from("<I", payload, at)
        tag, length = head & 0xFF, head >> 8
        value = payload[at + 4:at + 4 + length]
        assert len(value) == length
        at += 4 + length
        name = NAME[tag]
        if name == "ENTRY":
            value = parse(value)
        elif name not in TEXTS:
            value, = struct.unpack("<Q", value)
        out.setdefault(name, []).append(value)
    return out


class Failed(Exception):
    def __init__(self, answer):
        super().__init__(str(answer))
        self.code = answer["CODE"][0]
        self.errno = answer.get("ERRNO", [0])[0]
        self.message = answer.get("MESSAGE", [b""])[0].decode("utf-8", "replace")


class Channel:
    def __init__(self, guest, number, auto_credit=True):
        self.guest, self.number, self.auto_credit = guest, number, auto_credit
        self.response = self.end = self.error = None
        self.data = {1: bytearray(), 2: bytearray()}
        self.received = {1: 0, 2: 0}
        self.owed = {1: 0, 2: 0}
        self.eofs = set()
        self.events = []
        self.credit = {0: 262144}
        self.order = []
        self.keep = True

    def done(self):
        return self.end is not None or self.error is not None

    def send(self, data, stream=0, wait=True):
        """Sends within the credit, reading meanwhile."""
        view = memoryview(data)
        while view:
            while wait and self.credit[0] == 0:
                if self.done():
                    return
                self.guest.pump(10)
            count = min(PAYLOAD_MAX, self.credit[0] if wait else PAYLOAD_MAX, len(view))
            self.guest.send(self.number, DATA, bytes(view[:count]), stream)
            self.credit[0] -= count
            view = view[count:]

    def eof(self):
        self.guest.send(self.number, EOF)

    def cancel(self):
        self.guest.send(self.number, CANCEL)

    def accepted(self, timeout=10):
        self.guest.wait(lambda: self.response is not None or self.done(), timeout)
        if self.error:
            raise Failed(self.error)
        return self.response

    def result(self, timeout=30):
        self.guest.wait(self.done, timeout)
        if self.error:
            raise Failed(self.error)
        return {name: values[0] if name not in ("ENTRY", "NAME") else values for name, values in self.end.items()}

    def out(self, stream=1):
        return bytes(self.data[stream])


class Guest:
    """guestd under test."""

    def __init__(self, command, epoch=1, **options):
        guest_in, self.output = os.pipe()
        self.input, guest_out = os.pipe()
        self.process = subprocess.Popen(command, stdin=guest_in, stdout=guest_out, stderr=subprocess.PIPE, **options)
        os.close(guest_in)
        os.close(guest_out)
        os.set_blocking(self.output, False)
        self.buffer = bytearray()
        self.channels = {}
        self.last = 0
        self.hellos = []
        self.pongs = []
        self.control_errors = []
        self.closed = False
        self.data_log = None
        self.outbox = bytearray()
        self.busy = False
        if epoch is not None:
            self.hello(epoch)

    def hello(self, epoch, version=1):
        seen = len(self.hellos)
        self.send(0, HELLO, fields(VERSION=version, EPOCH=epoch))
        self.wait(lambda: any(h["EPOCH"][0] == epoch for h in self.hellos[seen:]) or self.control_errors)

    def send(self, channel, kind, payload=b"", flags=0):
        self.send_raw(struct.pack("<IIBBH", len(payload), channel, kind, flags, 0) + payload)

    def send_raw(self, data):
        """While this waits for room it reads. What is sent meanwhile, or while frames are handled, waits its turn:
        frames go out whole, and those that came in are handled once."""
        self.outbox += data
        if self.busy:
            return
        self.busy = True
        try:
            self.flush()
        finally:
            self.busy = False

    def flush(self):
        while self.outbox:
            try:
                count = os.write(self.output, self.outbox)
                del self.outbox[:count]
            except BlockingIOError:
                readable, _, _ = select.select([self.input], [self.output], [], 30)
                if readable:
                    self.take()

    def open(self, op, auto_credit=True, keep=True, **values):
        self.last += 1
        channel = Channel(self, self.last, auto_credit)
        channel.keep = keep
        if op in ("WRITE", "TAR_IN"):
            channel.credit[0] = 1048576
        self.channels[self.last] = channel
        payload = fields(OP=OPS[op] if isinstance(op, str) else op, **values)
        while len(payload) > PAYLOAD_MAX:
            self.send(self.last, REQUEST, payload[:PAYLOAD_MAX], 1)
            payload = payload[PAYLOAD_MAX:]
        self.send(self.last, REQUEST, payload)
        return channel

    def call(self, op, timeout=30, **values):
        return self.open(op, **values).result(timeout)

    def pump(self, timeout):
        """Reads once and handles the frames."""
        readable, _, _ = select.select([self.input], [], [], timeout)
        if not readable:
            return False
        taken = self.take()
        self.send_raw(b"")
        return taken

    def take(self):
        busy, self.busy = self.busy, True
        try:
            return self.take_frames()
        finally:
            self.busy = busy

    def take_frames(self):
        data = os.read(self.input, 1 << 20)
        if not data:
            self.closed = True
            return False
        self.buffer += data
        at = 0
        while len(self.buffer) - at >= 12:
            length, number, kind, flags, reserved = struct.unpack_from("<IIBBH", self.buffer, at)
            assert length <= PAYLOAD_MAX and reserved == 0, "broken frame"
            if len(self.buffer) - at - 12 < length:
                break
            self.frame(number, kind, flags, bytes(self.buffer[at + 12:at + 12 + length]))
            at += 12 + length
        del self.buffer[:at]
        return True

    def frame(self, number, kind, flags, payload):
        if number == 0:
            if kind == HELLO:
                self.hellos.append(parse(payload))
            elif kind == PONG:
                self.pongs.append(payload)
            elif kind == ERROR:
                self.control_errors.append(parse(payload))
            return
        channel = self.channels.get(number)
        if channel is None or channel.done():
            return
        channel.order.append(kind)
        if kind == DATA:
            if self.data_log is not None:
                self.data_log.append(number)
            channel.received[flags] += len(payload)
            if channel.keep:
                channel.data[flags] += payload
            assert flags not in channel.eofs, "DATA after EOF"
            channel.owed[flags] += len(payload)
            if channel.auto_credit and channel.owed[flags] >= 65536:
                self.give(channel, flags)
        elif kind == EOF:
            channel.eofs.add(flags)
        elif kind == CREDIT:
            channel.credit[flags] += struct.unpack("<I", payload)[0]
        elif kind == RESPONSE:
            channel.response = parse(payload)
        elif kind == EVENT:
            channel.events.append(parse(payload))
        elif kind == END:
            channel.end = parse(payload)
        elif kind == ERROR:
            channel.error = parse(payload)

    def give(self, channel, stream):
        if channel.owed[stream]:
            self.send(channel.number, CREDIT, struct.pack("<I", channel.owed[stream]), stream)
            channel.owed[stream] = 0

    def wait(self, condition, timeout=10):
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("guestd did not answer in time %s" % self.control_errors)
            self.pump(left)
            if self.closed and not condition():
                raise EOFError("guestd is gone: " + self.process.stderr.read().decode("utf-8", "replace")[:4000])

    def run(self, *arguments, timeout=30, **values):
        """EXEC to the end; the channel, whose `end` has the result."""
        channel = self.open("EXEC", ARG=list(arguments), **values)
        channel.result(timeout)
        return channel

    def close(self):
        """Ends guestd by end of file; its exit code."""
        if self.output >= 0:
            os.close(self.output)
            self.output = -1
        try:
            code = self.process.wait(10)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        os.close(self.input)
        self.stderr = self.process.stderr.read().decode("utf-8", "replace")
        self.process.stderr.close()
        return code
