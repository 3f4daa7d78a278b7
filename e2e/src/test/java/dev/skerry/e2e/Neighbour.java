package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Another tenant of the server, who hands in one harmless job after the other, and looks at each answer. */
final class Neighbour implements AutoCloseable {
    private static final String TENANTS = "/skerry/v1/tenants";
    private static final String NAME = "neighbour";

    private final Doors admin;
    private final Doors own;
    private final Thread thread;
    private final List<String> wrong = new ArrayList<>();
    private final List<Long> millis = new ArrayList<>();
    private volatile boolean leaving;

    Neighbour(Doors admin) {
        this.admin = admin;
        Doors.json(admin.send(admin.http(TENANTS), "POST", bytes("{\"id\":\"" + NAME + "\"}")));
        JsonNode key = Doors.json(
                admin.send(admin.http(TENANTS + "/" + NAME + "/keys"), "POST", bytes("{\"name\":\"" + NAME + "\"}")));
        this.own = admin.with(key.get("key").stringValue());
        this.thread = Thread.ofVirtual().name(NAME).start(this::live);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void live() {
        for (int i = 0; !leaving; i++) {
            String square = String.valueOf(i * i);
            Program program = Program.python("print(int(input()) ** 2)")
                    .reading(String.valueOf(i))
                    .prints(square + "\n");
            long begin = System.nanoTime();
            try {
                String told = i % 2 == 0 ? own.judged(program) : own.piston(program);
                if (!told.equals(i % 2 == 0 ? "`accepted`" : "OK")) {
                    wrong.add(told);
                }
            } catch (AssertionError e) {
                wrong.add(String.valueOf(e.getMessage()));
            }
            millis.add((System.nanoTime() - begin) / 1_000_000);
        }
    }

    /** Until the job that is under way has been answered; says how long each took, and fails if one went wrong. */
    List<Long> leave() {
        stop();
        assertThat(wrong).isEmpty();
        return millis.stream().sorted().toList();
    }

    private void stop() {
        leaving = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        stop();
        Doors.json(admin.send(admin.http(TENANTS + "/" + NAME), "DELETE", new byte[0]));
    }
}
