package dev.skerry.host.jobs.prestart;

import dev.skerry.wire.jobs.JobOrder;
import java.util.Optional;

/** What a job is to run, which is read when somebody must know it, and then once. Used by one thread. */
final class AskedProgram {
    private final JobOrder order;
    private Optional<Prestart> reader = Optional.empty();
    private Optional<Fashion> read = Optional.empty();

    AskedProgram(JobOrder order) {
        this.order = order;
    }

    JobOrder order() {
        return order;
    }

    Fashion fashion(Prestart prestart) {
        if (!reader.equals(Optional.of(prestart))) {
            reader = Optional.of(prestart);
            read = reader.map(each -> each.fashion(order));
        }
        return read.orElseThrow();
    }
}
