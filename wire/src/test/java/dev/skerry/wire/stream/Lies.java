package dev.skerry.wire.stream;

import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.Tag;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Guests that break the protocol, each in one way, with the call on the host that hears of it. */
final class Lies {
    private static final FieldWriter NONE = new FieldWriter();

    private Lies() {}

    /** What a caller on the host does; its answer is what the guest makes of it. */
    interface Action {
        Object run(GuestConnection host) throws Exception;
    }

    interface Script {
        void play(FakeGuest guest, int channel) throws Exception;
    }

    /**
     * A guest that breaks the protocol.
     *
     * @param says a part of what the caller must hear
     */
    record Lie(String name, Action action, Script script, String says) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final byte ZERO = 0;
    private static final Action STAT = host -> host.files().stat("/file");
    private static final Action READ = host -> bytes(host.files().read("/file"));
    private static final Action READ_THREE = host -> bytes(host.files().read("/file", 0, 3));
    private static final Action LIST = host -> host.files().list("/folder", 1, 2);
    private static final Action WATCH =
            host -> host.files().watch("/folder", true).poll(FakeGuest.SOON);
    private static final Action ATTACH = host -> host.processes().attach(1, 10, 20);
    private static final Action PROCESSES = host -> host.processes().list();
    private static final Action WAIT =
            host -> host.exec(ExecRequest.of("cat")).await(FakeGuest.SOON).orElseThrow();

    /** The file itself may look whole before the lie about it is told. */
    private static final Action READ_AND_GO_ON = host -> List.of(READ.run(host), STAT.run(host));

    private static final Action RUN = host -> {
        GuestProcess process = host.exec(ExecRequest.of("true").withInput());
        return List.of(bytes(process.stdout()), process.await(FakeGuest.SOON).orElseThrow());
    };

    private static final Action UPLOAD = host -> {
        host.files().write("/file", new byte[3 << 20], 0644);
        return "written";
    };

    private static byte[] bytes(InputStream from) throws IOException {
        try (from) {
            return from.readAllBytes();
        }
    }

    private static FieldWriter started() {
        return new FieldWriter().number(Tag.PROCESS, 1).number(Tag.PID, 2);
    }

    private static FieldWriter stat() {
        return new FieldWriter().number(Tag.TYPE, 1).number(Tag.SIZE, 3);
    }

    private static FieldWriter cause(int cause) {
        return new FieldWriter().number(Tag.CAUSE, cause);
    }

    private static FieldWriter kind(int kind, String path) {
        return new FieldWriter().number(Tag.KIND, kind).text(Tag.PATH, path);
    }

    private static FieldWriter entry(FieldWriter fields) {
        return new FieldWriter().bytes(Tag.ENTRY, fields.toBytes());
    }

    private static FieldWriter offsets(long out, long err, long lostOut, long lostErr) {
        return started()
                .number(Tag.OFFSET, out)
                .number(Tag.OFFSET, err)
                .number(Tag.LOST, lostOut)
                .number(Tag.LOST, lostErr);
    }

    private static Script say(FrameType type, int flags, byte... payload) {
        return (guest, channel) -> guest.send(type, channel, flags, payload);
    }

    private static Script say(FrameType type, FieldWriter fields) {
        return say(type, 0, fields.toBytes());
    }

    private static Script respond(FieldWriter fields) {
        return say(FrameType.RESPONSE, fields);
    }

    private static Script end(FieldWriter fields) {
        return say(FrameType.END, fields);
    }

    private static Script data(int stream, byte... bytes) {
        return say(FrameType.DATA, stream, bytes);
    }

    private static Script eof(int stream) {
        return say(FrameType.EOF, stream);
    }

    /** On a channel that is not the caller's. */
    private static Script elsewhere(int channel, Script script) {
        return (guest, theirs) -> script.play(guest, channel);
    }

    private static Script header(int length, int type, int reserved) {
        return (guest, channel) -> guest.bytes(ByteBuffer.allocate(Frame.HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(length)
                .putInt(channel)
                .put((byte) type)
                .put((byte) 0)
                .putShort((short) reserved)
                .array());
    }

    private static Script all(Script... scripts) {
        return (guest, channel) -> {
            for (Script script : scripts) {
                script.play(guest, channel);
            }
        };
    }

    private static Script listed(String... paths) {
        List<Script> scripts = new ArrayList<>(List.of(respond(NONE)));
        for (String path : paths) {
            scripts.add(data(1, entry(stat().text(Tag.PATH, path)).toBytes()));
        }
        scripts.add(end(NONE));
        return all(scripts.toArray(Script[]::new));
    }

    static Stream<Lie> all() {
        return Stream.of(frames(), channels(), credits(), files(), folders(), processes(), others())
                .flatMap(lies -> lies);
    }

    private static Stream<Lie> frames() {
        Script noCode = say(FrameType.ERROR, new FieldWriter().number(Tag.CODE, 99));
        Script refusal = say(FrameType.ERROR, new FieldWriter().number(Tag.CODE, 1));
        byte[] longField = {1, -1, -1, -1, 0};
        return Stream.of(
                new Lie("frame too long", STAT, header(Frame.PAYLOAD_BYTES_MAX + 1, 8, 0), "65525 bytes"),
                new Lie("frame of -1", STAT, header(-1, 8, 0), "4294967295 bytes"),
                new Lie("reserved bytes", STAT, header(0, 8, 1), "reserved bytes"),
                new Lie("unknown type", STAT, header(0, 99, 0), "of type 99"),
                new Lie("request", STAT, say(FrameType.REQUEST, 0), "REQUEST"),
                new Lie("end on 0", STAT, elsewhere(0, end(NONE)), "on channel 0"),
                new Lie("data on 0", STAT, elsewhere(0, data(1)), "on channel 0"),
                new Lie("data as the shim", STAT, elsewhere(Frame.SHIM, data(1)), "on channel -1"),
                new Lie("short pong", STAT, elsewhere(0, say(FrameType.PONG, 0)), "a pong of 0"),
                new Lie("field cut off", STAT, say(FrameType.END, 0, (byte) 1, (byte) 8), "cut off"),
                new Lie("field longer than its frame", STAT, say(FrameType.END, 0, longField), "longer than"),
                new Lie("error of no code", STAT, noCode, "CODE 99"),
                new Lie("error on channel 0", STAT, elsewhere(0, refusal), "refuses to go on"));
    }

    private static Stream<Lie> channels() {
        Script accepted = respond(stat());
        Script one = data(1, (byte) 1);
        Script event = say(FrameType.EVENT, kind(1, "x"));
        return Stream.of(
                new Lie("response to a call", STAT, accepted, "too many"),
                new Lie("two responses", READ, all(accepted, accepted), "too many"),
                new Lie("end without response", READ, end(stat()), "before its response"),
                new Lie("data before the response", READ, one, "stream 1"),
                new Lie("data of no stream", READ, all(accepted, data(2, (byte) 1)), "stream 2"),
                new Lie("data of the other way", READ, all(accepted, data(0, (byte) 1)), "stream 0"),
                new Lie("data behind the end", READ_AND_GO_ON, all(accepted, eof(1), one), "behind the end"),
                new Lie("two ends of a stream", READ_AND_GO_ON, all(accepted, eof(1), eof(1)), "second end"),
                new Lie("event for a call", STAT, event, "an event for STAT"),
                new Lie("event for a file", READ, all(accepted, event), "an event for READ"));
    }

    private static Stream<Lie> credits() {
        Script accepted = respond(started());
        Script much = data(1, new byte[1 << 15]);
        Script four = all(much, much, much, much);
        byte[] noLimit = {-1, -1, -1, -1};
        return Stream.of(
                new Lie("data beyond the credit", WAIT, all(accepted, four, four, data(1, (byte) 1)), "its credit"),
                new Lie("credit for nothing", RUN, all(accepted, credit((byte) 1, ZERO, ZERO, ZERO)), "was not sent"),
                new Lie("credit without limit", RUN, all(accepted, credit(noLimit)), "was not sent"),
                new Lie("credit of three bytes", UPLOAD, credit(ZERO, ZERO, ZERO), "a credit of 3"));
    }

    private static Script credit(byte... bytes) {
        return say(FrameType.CREDIT, 0, bytes);
    }

    private static Stream<Lie> files() {
        FieldWriter shortNumber = new FieldWriter().bytes(Tag.TYPE, new byte[4]);
        FieldWriter target = stat().bytes(Tag.TARGET, new byte[] {'a', 0});
        Script accepted = respond(stat());
        Script two = data(1, new byte[2]);
        return Stream.of(
                new Lie("no type", STAT, end(NONE), "no TYPE"),
                new Lie("unknown type of file", STAT, end(new FieldWriter().number(Tag.TYPE, 9)), "TYPE 9"),
                new Lie("size below nothing", STAT, end(stat().number(Tag.SIZE, -1)), "SIZE -1"),
                new Lie("mode with more bits", STAT, end(stat().number(Tag.MODE, 0100_644)), "MODE 33188"),
                new Lie("number of 4 bytes", STAT, end(shortNumber), "8 bytes"),
                new Lie("target with NUL", STAT, end(target), "TARGET contains NUL"),
                new Lie("more than was asked for", READ_THREE, all(accepted, data(1, new byte[4])), "than the 3 bytes"),
                new Lie("file that ends early", READ_AND_GO_ON, all(accepted, two, eof(1), end(stat())), "otherwise"),
                new Lie("file without an end", READ, all(accepted, end(stat().number(Tag.SIZE, 0))), "otherwise"));
    }

    private static Stream<Lie> folders() {
        byte[] entry = entry(stat().text(Tag.PATH, "name")).toBytes();
        Script cut = data(1, Arrays.copyOf(entry, entry.length - 1));
        Script accepted = respond(NONE);
        return Stream.of(
                new Lie("entry above", LIST, listed("../x"), "leads out"),
                new Lie("entry of the root", LIST, listed("/etc/passwd"), "leads out"),
                new Lie("entry hidden above", LIST, listed("a/../../x"), "leads out"),
                new Lie("entry that is the folder", LIST, listed("."), "not below"),
                new Lie("entry without a name", LIST, listed(""), "not below"),
                new Lie("entry with an empty part", LIST, listed("a//b"), "not below"),
                new Lie("three entries of two", LIST, listed("a", "b", "c"), "more entries"),
                new Lie("huge entry", LIST, listed("x".repeat(17_000)), "not asked for"),
                new Lie("entry of another kind", LIST, all(accepted, data(1, stat().toBytes())), "not asked for"),
                new Lie("listing cut off in an entry", LIST, all(accepted, cut, eof(1)), "cut off"),
                new Lie("listing cut off in a head", LIST, all(accepted, data(1, new byte[3]), eof(1)), "cut off"));
    }

    private static Script exit(FieldWriter fields) {
        return all(respond(started()), end(fields));
    }

    private static Stream<Lie> processes() {
        Script another = respond(new FieldWriter().number(Tag.PROCESS, 2));
        return Stream.of(
                new Lie("process without number", RUN, respond(NONE), "no PROCESS"),
                new Lie("no cause", RUN, exit(NONE), "no CAUSE"),
                new Lie("cause 5", RUN, exit(cause(5)), "CAUSE 5"),
                new Lie("exit code 256", RUN, exit(cause(1).number(Tag.EXIT_CODE, 256)), "EXIT_CODE 256"),
                new Lie("exit code -1", RUN, exit(cause(1).number(Tag.EXIT_CODE, -1)), "EXIT_CODE -1"),
                new Lie("exit without a code", RUN, exit(cause(1)), "no EXIT_CODE"),
                new Lie("signal 0", RUN, exit(cause(2).number(Tag.EXIT_SIGNAL, 0)), "EXIT_SIGNAL 0"),
                new Lie("signal 200", RUN, exit(cause(2).number(Tag.EXIT_SIGNAL, 200)), "EXIT_SIGNAL 200"),
                new Lie("signal of none", RUN, exit(cause(2).number(Tag.EXIT_CODE, 0)), "no EXIT_SIGNAL"),
                new Lie("another process", ATTACH, another, "another process"),
                new Lie("no offsets", ATTACH, respond(started()), "offsets"),
                new Lie("bytes twice", ATTACH, respond(offsets(9, 20, 0, 0)), "for [10, 20]"),
                new Lie("gap unsaid", ATTACH, respond(offsets(12, 20, 1, 0)), "for [10, 20]"),
                new Lie("fewer than none lost", ATTACH, respond(offsets(9, 20, -1, 0)), "-1, 0] lost"),
                new Lie("listed without number", PROCESSES, end(entry(NONE)), "no PROCESS"));
    }

    private static Stream<Lie> others() {
        FieldWriter port = entry(new FieldWriter().number(Tag.PORT, 70_000));
        FieldWriter memory = new FieldWriter().number(Tag.MEM_TOTAL, -1);
        return Stream.of(
                new Lie("change above", WATCH, changed(kind(1, "../x")), "leads out"),
                new Lie("change of no kind", WATCH, changed(kind(9, "x")), "KIND 9"),
                new Lie("huge change", WATCH, changed(kind(1, "x".repeat(9_000))), "an event of"),
                new Lie("port that is none", host -> host.ports().listeners(), end(port), "PORT 70000"),
                new Lie("memory below nothing", GuestConnection::metrics, end(memory), "MEM_TOTAL -1"));
    }

    private static Script changed(FieldWriter event) {
        return all(respond(NONE), say(FrameType.EVENT, event));
    }
}
