package dev.skerry.server.envd;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Users and groups of a sandbox, by its own /etc/passwd and /etc/group, which are the tenant's and may hold anything.
 * Remembered for a moment; a name that is not found is looked for again at once. Thread-safe.
 */
final class Accounts {
    private static final Duration FRESH = Duration.ofSeconds(2);
    private static final int FILE_BYTES_MAX = 1 << 20;
    private static final int PASSWD_PARTS = 7;
    private static final int GROUP_PARTS = 4;
    private static final String DEFAULT_USER = "user";

    private record Users(Instant readAt, Map<String, Account> byName, Map<Integer, String> names) {}

    private record Groups(Instant readAt, Map<Integer, String> names) {}

    private final GuestFiles files;
    private final InstantSource clock;
    private final AtomicReference<Users> users = new AtomicReference<>(new Users(Instant.MIN, Map.of(), Map.of()));
    private final AtomicReference<Groups> groups = new AtomicReference<>(new Groups(Instant.MIN, Map.of()));

    Accounts(GuestFiles files, InstantSource clock) {
        this.files = files;
        this.clock = clock;
    }

    Optional<Account> find(String name) throws InterruptedException {
        Optional<Account> known = Optional.ofNullable(users(false).byName.get(name));
        return known.isPresent()
                ? known
                : Optional.ofNullable(users(true).byName.get(name));
    }

    /** The one that is meant when none is named: {@code user}, or root in an image that knows no such user. */
    Account byDefault() throws InterruptedException {
        Users known = users(false);
        return Optional.ofNullable(known.byName.get(DEFAULT_USER))
                .or(() -> Optional.ofNullable(known.byName.get("root")))
                .orElse(Account.ROOT);
    }

    /** The number where there is no name. */
    String userName(int uid) throws InterruptedException {
        return Optional.ofNullable(users(false).names.get(uid)).orElse(Integer.toUnsignedString(uid));
    }

    String groupName(int gid) throws InterruptedException {
        Groups known = groups.get();
        if (!fresh(known.readAt)) {
            Map<Integer, String> names = new HashMap<>();
            for (List<String> parts : lines("/etc/group", GROUP_PARTS)) {
                number(parts.get(2)).ifPresent(number -> names.putIfAbsent(number, parts.getFirst()));
            }
            known = new Groups(clock.instant(), Map.copyOf(names));
            groups.set(known);
        }
        return Optional.ofNullable(known.names.get(gid)).orElse(Integer.toUnsignedString(gid));
    }

    private Users users(boolean again) throws InterruptedException {
        Users known = users.get();
        if (!again && fresh(known.readAt)) {
            return known;
        }
        Map<String, Account> byName = new HashMap<>();
        Map<Integer, String> names = new HashMap<>();
        for (List<String> parts : lines("/etc/passwd", PASSWD_PARTS)) {
            Optional<Integer> uid = number(parts.get(2));
            Optional<Integer> gid = number(parts.get(3));
            if (uid.isPresent() && gid.isPresent() && !parts.getFirst().isEmpty()) {
                String name = parts.getFirst();
                byName.putIfAbsent(name, new Account(name, uid.get(), gid.get(), parts.get(5), parts.get(6)));
                names.putIfAbsent(uid.get(), name);
            }
        }
        Users read = new Users(clock.instant(), Map.copyOf(byName), Map.copyOf(names));
        users.set(read);
        return read;
    }

    private boolean fresh(Instant readAt) {
        return readAt.isAfter(clock.instant().minus(FRESH));
    }

    private List<List<String>> lines(String path, int parts) throws InterruptedException {
        try (InputStream in = files.read(path, 0, FILE_BYTES_MAX)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> List.of(line.split(":", -1)))
                    .filter(found -> found.size() >= parts)
                    .toList();
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            // An image without such a file has no names.
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<Integer> number(String text) {
        try {
            return Optional.of(Integer.parseUnsignedInt(text));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
