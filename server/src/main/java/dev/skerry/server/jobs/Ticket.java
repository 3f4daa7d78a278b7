package dev.skerry.server.jobs;

import dev.skerry.server.jobs.FairOrder.Place;
import dev.skerry.server.settings.TrustPolicy;
import java.time.Instant;
import java.util.Optional;

/** A job in the queue; what changes of it does so under the queue's lock. */
final class Ticket {
    private final Submission submission;
    private final TrustPolicy.Decision trust;
    private final Instant came;
    private final Runnable begin;
    private Optional<Place<Ticket>> place = Optional.empty();

    /** @param begin called once when its turn has come, or there will be none; must not hold up who calls */
    Ticket(Submission submission, TrustPolicy.Decision trust, Instant came, Runnable begin) {
        this.submission = submission;
        this.trust = trust;
        this.came = came;
        this.begin = begin;
    }

    Submission submission() {
        return submission;
    }

    TrustPolicy.Decision trust() {
        return trust;
    }

    Instant came() {
        return came;
    }

    void begin() {
        begin.run();
    }

    void placed(Place<Ticket> where) {
        place = Optional.of(where);
    }

    Place<Ticket> place() {
        return place.orElseThrow();
    }
}
