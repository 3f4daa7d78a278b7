package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.settings.TrustPolicy;
import org.jspecify.annotations.Nullable;

/** What was decided of the job of one request: for its answer, and for the log record of the request. Thread-safe. */
final class Trust {
    private final Exchange exchange;
    private final Caller caller;
    private volatile TrustPolicy.@Nullable Decision decision;

    Trust(Exchange exchange, Caller caller) {
        this.exchange = exchange;
        this.caller = caller;
    }

    void decided(TrustPolicy.Decision made, JobRequest request) {
        TrustPolicy.Decision explained = PistonJobs.explained(made, request, caller);
        RequestFacts.floor(exchange, explained.floor().label(), explained.rule());
        decision = explained;
    }

    /** Once it was decided. */
    TrustPolicy.Decision decision() {
        TrustPolicy.Decision made = decision;
        if (made == null) {
            throw new IllegalStateException("nothing was decided");
        }
        return made;
    }
}
