package dev.skerry.bench.serving;

import dev.skerry.bench.Postgres;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a server under test is set up.
 *
 * @param simulated how many sandboxes that do not exist there are from the start; empty for a host with real ones
 * @param postgres that it has its database of; empty for SQLite
 * @param limited whether every tenant has quotas and every key rates, all of them out of reach
 * @param pools of sandboxes that are ready for jobs
 */
public record ServerVariant(OptionalInt simulated, Optional<Postgres> postgres, boolean limited, PoolsKept pools) {
    static final String SIMULATED = "simulated";
    static final String LIMITED = "limited";
    static final String POOLS = "pools:";

    /** What the password of its database is called in a server's environment. */
    static final String PASSWORD = "SKERRY_DATABASE_PASSWORD";

    public static final ServerVariant REAL =
            new ServerVariant(OptionalInt.empty(), Optional.empty(), false, PoolsKept.NONE);

    public static ServerVariant simulated(int sandboxes) {
        return new ServerVariant(OptionalInt.of(sandboxes), Optional.empty(), false, PoolsKept.NONE);
    }

    ServerVariant on(Postgres database) {
        return new ServerVariant(simulated, Optional.of(database), limited, pools);
    }

    ServerVariant withLimits() {
        return new ServerVariant(simulated, postgres, true, pools);
    }

    /** Keeps sandboxes ready for jobs. */
    public ServerVariant with(PoolsKept others) {
        return new ServerVariant(simulated, postgres, limited, others);
    }

    /** Arguments of {@link ServerProgram}, after the data folder. */
    List<String> arguments() {
        List<String> words = new ArrayList<>();
        simulated.ifPresent(sandboxes -> words.addAll(List.of(SIMULATED, Integer.toString(sandboxes))));
        postgres.ifPresent(database -> words.add(database.address()));
        if (limited) {
            words.add(LIMITED);
        }
        words.add(POOLS + pools);
        return words;
    }

    Map<String, String> environment() {
        return postgres.map(database -> Map.of(PASSWORD, database.password())).orElse(Map.of());
    }
}
