package dev.skerry.bench.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** What clients asked and were answered, what was done to the servers, and who had the leases. Thread-safe. */
final class Journal {
    /** Begins the detail of a call whose client waited in vain. */
    static final String NO_ANSWER = "no answer";

    private static final JsonMapper JSON = JsonMapper.shared();

    private final List<Call> calls = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private final List<Grant> grants = new ArrayList<>();

    /** What a client asks for. */
    enum Operation {
        CREATE,
        KILL,
        EXEC,
        LIST,
        PAUSE,
        RESUME,
        TIMEOUT
    }

    /**
     * One call. Times are milliseconds since 1970.
     *
     * @param sandbox empty for a list, and for a create that was not answered with one
     * @param status 0: there was no answer, or no whole one
     */
    record Call(
            String client,
            Operation operation,
            Optional<String> sandbox,
            long began,
            long ended,
            int status,
            String detail) {
        boolean succeeded() {
            return status >= 200 && status < 300;
        }
    }

    /**
     * Something that was done to the servers.
     *
     * @param sandbox whose part was hit, if it was one's
     */
    record Fault(int number, FaultKind kind, Optional<String> sandbox, long began, long ended, String detail) {}

    /** A lease as the database had it. */
    record Grant(long at, String lease, String owner, long fence) {}

    synchronized void add(Call call) {
        calls.add(call);
    }

    synchronized void add(Fault fault) {
        faults.add(fault);
    }

    /** Kept when it is another than the last of that lease. */
    synchronized void add(Grant grant) {
        boolean same = grants.reversed().stream()
                .filter(each -> each.lease().equals(grant.lease()))
                .findFirst()
                .filter(last -> last.fence() == grant.fence() && last.owner().equals(grant.owner()))
                .isPresent();
        if (!same) {
            grants.add(grant);
        }
    }

    synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    synchronized List<Fault> faults() {
        return List.copyOf(faults);
    }

    synchronized List<Grant> grants() {
        return List.copyOf(grants);
    }

    /** A line of JSON for each entry. */
    void write(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        calls().forEach(each -> lines.add(JSON.writeValueAsString(each)));
        faults().forEach(each -> lines.add(JSON.writeValueAsString(each)));
        grants().forEach(each -> lines.add(JSON.writeValueAsString(each)));
        Files.write(file, lines);
    }
}
