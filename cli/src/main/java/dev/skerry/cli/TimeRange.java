package dev.skerry.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import picocli.CommandLine.Option;

/** From when and until when something is looked for, for the server's {@code since} and {@code until}. */
final class TimeRange {
    @Option(
            names = "--since",
            paramLabel = "TIME",
            converter = Moment.class,
            description = "From then on: how far back, as 1h or 7d, or a time, as 2026-01-31T12:00:00Z.")
    private Optional<Instant> since = Optional.empty();

    @Option(
            names = "--until",
            paramLabel = "TIME",
            converter = Moment.class,
            description = "Up to then: how far back, as 1h or 7d, or a time, as 2026-01-31T12:00:00Z.")
    private Optional<Instant> until = Optional.empty();

    /** A time, or how long ago it was. */
    static final class Moment implements picocli.CommandLine.ITypeConverter<Instant> {
        @Override
        public Instant convert(String text) {
            if (text.contains("T")) {
                return java.time.OffsetDateTime.parse(text).toInstant();
            }
            Duration ago = new Quantities.Time().convert(text);
            return InstantSource.system().instant().minus(ago);
        }
    }

    Query addTo(Query query) {
        return query.with("since", since.map(Instant::toString)).with("until", until.map(Instant::toString));
    }
}
