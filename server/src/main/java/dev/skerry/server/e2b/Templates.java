package dev.skerry.server.e2b;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostTemplate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The templates of the host under the names by which clients ask for them. {@code base} is there from the first start
 * and is {@code code-interpreter-v1} too, unless the host has another template of that name. What the host has is
 * remembered for some seconds: a name that is missing is looked up again at once, and one that is gone the host
 * refuses. Thread-safe.
 */
final class Templates {
    static final String BASE = "base";

    private static final String INTERPRETER = "code-interpreter-v1";
    private static final String TAG = "default";
    private static final String DIGEST = "sha256:";
    private static final int LENGTH_MAX = 256;
    private static final Duration REMEMBERED = Duration.ofSeconds(10);

    private final HostAgent host;
    private final InstantSource clock;
    private final Instant startedAt;
    private volatile Known known = new Known(List.of(), Instant.EPOCH);

    private record Known(List<Template> templates, Instant at) {}

    /**
     * A template.
     *
     * @param id its name, or its digest if it has none; the host finds it by that
     */
    record Template(String id, List<String> names, String digest, Instant createdAt) {
        boolean isBase() {
            return id.equals(BASE);
        }
    }

    /** @param alias the name that was asked for, if it was one */
    record Found(Template template, Optional<String> alias) {}

    Templates(HostAgent host, InstantSource clock) {
        this.host = host;
        this.clock = clock;
        this.startedAt = clock.instant();
    }

    /** All that can be asked for by a name, {@code base} first; of several of one name the newest. */
    List<Template> list() {
        return fresh().stream().filter(template -> !template.names().isEmpty()).toList();
    }

    /**
     * Finds {@code name}, {@code name:tag}, {@code tenant/name}, {@code tenant/name:tag} or a digest.
     *
     * @throws Failure {@code NOT_FOUND} in the words of the E2B API
     */
    Found find(TenantId tenant, String asked) {
        if (asked.length() > LENGTH_MAX) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "a template's name has at most " + LENGTH_MAX + " characters");
        }
        Known before = known;
        boolean recent = !before.at().plus(REMEMBERED).isBefore(clock.instant());
        return (recent ? find(before.templates(), tenant, asked) : Optional.<Found>empty())
                .or(() -> find(fresh(), tenant, asked))
                .orElseThrow(() -> new Failure(
                        ErrorCode.NOT_FOUND,
                        "template '" + Quoted.of(asked) + "' not found",
                        "GET /templates lists what there is; 'base' always is"));
    }

    private static Optional<Found> find(List<Template> templates, TenantId tenant, String asked) {
        if (asked.startsWith(DIGEST)) {
            return templates.stream()
                    .filter(template -> template.digest().equals(asked))
                    .findFirst()
                    .map(template -> new Found(template, Optional.empty()));
        }
        int slash = asked.indexOf('/');
        if (slash >= 0 && !asked.substring(0, slash).equals(tenant.text())) {
            return Optional.empty();
        }
        String rest = asked.substring(slash + 1);
        int colon = rest.indexOf(':');
        String name = colon < 0 ? rest : rest.substring(0, colon);
        Optional<Found> found = templates.stream()
                .filter(template -> template.names().contains(name))
                .findFirst()
                .map(template -> new Found(template, Optional.of(name)));
        if (found.isPresent() && colon >= 0 && !rest.substring(colon + 1).equals(TAG)) {
            throw new Failure(
                    ErrorCode.NOT_FOUND,
                    "tag '" + rest.substring(colon + 1) + "' does not exist for template '" + name + "'",
                    "every template has the one tag '" + TAG + "'");
        }
        return found;
    }

    /** Forgets what it remembers, after a change. */
    void forget() {
        known = new Known(List.of(), Instant.EPOCH);
    }

    private List<Template> fresh() {
        List<HostTemplate> there = host.templates();
        List<HostTemplate> current = there.stream()
                .filter(each -> each.current() && each.name().isPresent())
                .toList();
        boolean taken =
                current.stream().anyMatch(each -> each.name().orElseThrow().equals(INTERPRETER));
        List<String> baseNames = taken ? List.of(BASE) : List.of(BASE, INTERPRETER);
        List<Template> templates = new ArrayList<>();
        templates.add(current.stream()
                .filter(each -> each.name().orElseThrow().equals(BASE))
                .findFirst()
                .map(each -> new Template(BASE, baseNames, each.digest(), each.createdAt()))
                .orElseGet(() -> new Template(BASE, baseNames, BASE, startedAt)));
        for (HostTemplate each : current) {
            String name = each.name().orElseThrow();
            if (!name.equals(BASE)) {
                templates.add(new Template(name, List.of(name), each.digest(), each.createdAt()));
            }
        }
        Stream<HostTemplate> others = there.stream().filter(each -> !current.contains(each));
        others.forEach(each -> templates.add(new Template(each.digest(), List.of(), each.digest(), each.createdAt())));
        known = new Known(List.copyOf(templates), clock.instant());
        return known.templates();
    }
}
