package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.WebSocket;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.StageOutcome;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Tells a client over its WebSocket what happens in its job. Signals may come from any thread. */
final class DialogueListener implements JobListener {
    private static final int SIGNALS_WAITING_MAX = 64;

    private final WebSocket socket;
    private final StdinFeed stdin;
    private final Alarm alarm;
    private final Duration behind;
    private final Trust trust;
    private final Map<Stream, TextStream> texts = new EnumMap<>(Stream.class);
    private final List<Integer> early = new ArrayList<>();
    private @Nullable JobControl control;
    private volatile @Nullable JobRequest request;
    private volatile @Nullable Thread job;
    private Optional<Alarm.Set> patience = Optional.empty();
    private boolean said;

    /**
     * @param behind how long a client may take to read a message, and after its sandbox came, or a stage ended, all
     *     that it was told before
     */
    DialogueListener(WebSocket socket, StdinFeed stdin, Alarm alarm, Duration behind, Trust trust) {
        this.socket = socket;
        this.stdin = stdin;
        this.alarm = alarm;
        this.behind = behind;
        this.trust = trust;
    }

    /** Before it is told anything. */
    void of(JobRequest asked) {
        request = asked;
    }

    /** Whom to interrupt when nobody listens any more. */
    void runs(Thread thread) {
        job = thread;
    }

    /** To the stage that is under way; else to the first that will be. */
    void signal(int number) {
        Optional<JobControl> now;
        synchronized (this) {
            now = Optional.ofNullable(control);
            if (now.isEmpty() && early.size() < SIGNALS_WAITING_MAX) {
                early.add(number);
            }
        }
        now.ifPresent(stage -> stage.signal(number));
    }

    void decided(TrustPolicy.Decision decision) {
        Optional.ofNullable(request).ifPresent(asked -> trust.decided(decision, asked));
    }

    @Override
    public void placed(JobPlace place) {
        patience(Duration.ZERO);
        sayRuntime(Optional.of(place));
    }

    private void sayRuntime(Optional<JobPlace> place) {
        JobRequest asked = request;
        if (said || asked == null) {
            return;
        }
        said = true;
        ObjectNode message = message("runtime");
        message.put("language", asked.runtime().language());
        message.put("version", asked.runtime().version());
        place.ifPresent(where -> message.set("sandbox", Stages.place(where, trust.decision())));
        send(message);
    }

    @Override
    public void begins(Phase phase, int run, JobControl stage) {
        Optional.ofNullable(request)
                .map(asked -> phase == Phase.RUN ? asked.run() : asked.compile())
                .ifPresent(limits -> patience(limits.wall()));
        sayRuntime(Optional.empty());
        send(message("stage").put("stage", name(phase)));
        for (Stream stream : Stream.values()) {
            texts.put(stream, new TextStream());
        }
        List<Integer> waiting;
        synchronized (this) {
            control = stage;
            waiting = List.copyOf(early);
            early.clear();
        }
        waiting.forEach(stage::signal);
        if (phase == Phase.RUN) {
            Thread.ofVirtual().name("stdin").start(() -> stdin.pour(stage.stdin()));
        }
    }

    /** Whoever does not read holds a place of the queue and the host's threads. */
    private void patience(Duration wall) {
        patience.ifPresent(Alarm.Set::cancel);
        patience = Optional.of(alarm.after(wall.plus(behind), socket::close));
    }

    @Override
    public void wrote(Stream stream, byte[] bytes) {
        sayData(stream, texts.computeIfAbsent(stream, _ -> new TextStream()).next(bytes, bytes.length));
    }

    private void sayData(Stream stream, String text) {
        if (!text.isEmpty()) {
            send(message("data")
                    .put("stream", stream.name().toLowerCase(Locale.ROOT))
                    .put("data", text));
        }
    }

    @Override
    public boolean ended(Phase phase, int run, StageOutcome outcome) {
        synchronized (this) {
            control = null;
        }
        texts.forEach((stream, text) -> sayData(stream, text.end()));
        if (phase == Phase.RUN) {
            stdin.close();
        }
        ObjectNode message = message("exit").put("stage", name(phase));
        Stages.end(message, outcome);
        send(message);
        patience.ifPresent(Alarm.Set::cancel);
        return true;
    }

    private static ObjectNode message(String type) {
        return Exchange.JSON.createObjectNode().put("type", type);
    }

    private static String name(Phase phase) {
        return phase.name().toLowerCase(Locale.ROOT);
    }

    /** A client that has gone, or does not read, needs no job. */
    private void send(ObjectNode message) {
        Alarm.Set stall = alarm.after(behind, socket::close);
        try {
            socket.send(message.toString());
        } catch (IOException e) {
            Thread runs = job;
            if (runs != null) {
                runs.interrupt();
            }
        } finally {
            stall.cancel();
        }
    }
}
