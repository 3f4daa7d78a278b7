package dev.skerry.server.piston;

import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.StageOutcome;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** Keeps what stages write to stdout and stderr in the order in which it came; of each as much as its limit. */
final class Interleaved implements JobListener {
    private final Map<Phase, Stage> stages = new EnumMap<>(Phase.class);
    private final Map<Phase, Long> limits;
    private Optional<Stage> current = Optional.empty();

    private static final class Stage {
        private final StringBuilder text = new StringBuilder();
        private final Map<Stream, TextStream> streams = new EnumMap<>(Stream.class);
        private final Map<Stream, Long> room = new EnumMap<>(Stream.class);

        Stage(long limit) {
            for (Stream stream : Stream.values()) {
                streams.put(stream, new TextStream());
                room.put(stream, limit);
            }
        }
    }

    Interleaved(JobRequest request) {
        this.limits = Map.of(
                Phase.COMPILE, request.compile().outputBytes(),
                Phase.RUN, request.run().outputBytes());
    }

    @Override
    public synchronized void begins(Phase phase, int run, JobControl control) {
        Stage stage = new Stage(limits.get(phase));
        stages.put(phase, stage);
        current = Optional.of(stage);
    }

    @Override
    public synchronized void wrote(Stream stream, byte[] bytes) {
        current.ifPresent(stage -> {
            int kept = (int) Math.min(bytes.length, stage.room.get(stream));
            stage.room.merge(stream, (long) -kept, Long::sum);
            stage.text.append(stage.streams.get(stream).next(bytes, kept));
        });
    }

    @Override
    public synchronized boolean ended(Phase phase, int run, StageOutcome outcome) {
        current.ifPresent(stage -> stage.streams.forEach((stream, text) -> {
            if (stage.room.get(stream) > 0) {
                stage.text.append(text.end());
            }
        }));
        current = Optional.empty();
        return true;
    }

    synchronized String text(Phase phase) {
        Stage stage = stages.get(phase);
        return stage == null ? "" : stage.text.toString();
    }
}
