package dev.skerry.server.interpreter;

import dev.skerry.wire.FieldsText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Puts a kernel's events together and does what they say. They are the tenant's word: bounded, and checked to be one
 * line of JSON before a client gets them. Used by the thread that reads the kernel's stdout.
 */
final class KernelEvents {
    private static final int CONTROL_MAX = 4096;
    private static final byte[] RESULT = "{\"type\": \"result\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] RESULT_TIGHT = "{\"type\":\"result\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ERROR = "{\"type\": \"error\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ERROR_TIGHT = "{\"type\":\"error\"".getBytes(StandardCharsets.US_ASCII);

    private final Kernel kernel;
    private final LargeResults.Share share;
    private ByteArrayOutputStream parts = new ByteArrayOutputStream();
    private long number;
    private boolean large;
    private boolean refused;

    KernelEvents(Kernel kernel, LargeResults.Share share) {
        this.kernel = kernel;
        this.share = share;
    }

    /** Takes a frame's data; true when the event is whole. */
    boolean collect(boolean last, long of, byte[] data) throws InterruptedException {
        if (of != number) {
            reset();
            number = of;
        }
        if (!refused) {
            if (!large && parts.size() + data.length > LargeResults.SMALL_MAX) {
                large = share.take();
                refused = !large;
            }
            refused |= parts.size() + data.length > LargeResults.EVENT_MAX + CONTROL_MAX;
            if (refused) {
                parts = new ByteArrayOutputStream();
            } else {
                parts.writeBytes(data);
            }
        }
        return last;
    }

    /** Whether the event bounds an execution: a torn character before it will not be completed after it. */
    boolean bounds() {
        return parts.size() < CONTROL_MAX && !isResult(parts.toByteArray());
    }

    void deliver() throws InterruptedException {
        byte[] event = parts.toByteArray();
        try {
            if (refused) {
                note("a result was left out: it is too large, or the server has too many large ones at this time\n");
            } else if (isResult(event)) {
                result(event);
            } else {
                control(event);
            }
        } finally {
            reset();
        }
    }

    private void result(byte[] event) throws InterruptedException {
        Optional<Execution> execution = kernel.running();
        if (execution.isEmpty()) {
            return;
        }
        if (!Lines.isObject(event)) {
            note("a result was left out: the kernel did not put it into JSON\n");
            return;
        }
        byte[] line = new byte[event.length + 1];
        System.arraycopy(event, 0, line, 0, event.length);
        line[event.length] = '\n';
        parts = new ByteArrayOutputStream();
        boolean counted = large;
        large = false;
        execution.get().add(new Execution.Line(line, counted));
    }

    private void control(byte[] event) throws InterruptedException {
        JsonNode object;
        try {
            object = Lines.JSON.readTree(event);
        } catch (JacksonException e) {
            return;
        }
        long id = object.path("id").asLong(-1);
        switch (object.path("type").asString("")) {
            case "hello" -> {
                String lacks = object.path("missing").asString("");
                kernel.onHello(id, lacks.isEmpty() ? Optional.empty() : Optional.of(FieldsText.printable(lacks)));
            }
            case "start" -> kernel.onStart(id, object.path("count").asLong(0));
            case "end" -> kernel.onEnd(id, object.path("status").asInt(0));
            case "oversized" ->
                note("a result of " + object.path("bytes").asLong(0) + " bytes was left out: at most "
                        + (LargeResults.EVENT_MAX >> 20) + " MiB can be shown\n");
            default -> {}
        }
    }

    private void note(String text) throws InterruptedException {
        Optional<Execution> execution = kernel.running();
        if (execution.isPresent()) {
            execution.get().add(kernel.stderr(text));
        }
    }

    private static boolean isResult(byte[] event) {
        return begins(event, RESULT)
                || begins(event, RESULT_TIGHT)
                || begins(event, ERROR)
                || begins(event, ERROR_TIGHT);
    }

    private static boolean begins(byte[] event, byte[] with) {
        return event.length >= with.length && java.util.Arrays.equals(event, 0, with.length, with, 0, with.length);
    }

    private void reset() {
        parts = new ByteArrayOutputStream();
        refused = false;
        if (large) {
            large = false;
            share.give();
        }
    }

    /** The kernel has ended. */
    void close() {
        reset();
    }
}
