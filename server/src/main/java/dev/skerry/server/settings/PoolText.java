package dev.skerry.server.settings;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.PoolPlan;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A pool as it is written in settings, on the command line and in metrics: {@code base=0..8} for ready sandboxes of a
 * template, {@code base+python=1..8} for such whose interpreter runs and waits, {@code base+sandbox=1..4} for such that
 * are not for jobs but for who creates a sandbox, {@code base@gvisor=0..2} for another level than the server's; at
 * least and at most so many.
 *
 * @param language or {@value #FOR_CLIENTS}
 * @param isolation empty: the server's
 */
public record PoolText(String template, Optional<String> language, Optional<Isolation> isolation, int floor, int cap) {
    /** Where others have a language. */
    public static final String FOR_CLIENTS = "sandbox";

    /** More would be more than a host is asked to keep ready for nothing. */
    public static final int CAP_MAX = 1000;

    private static final int POOLS_MAX = 32;
    private static final Pattern FORM = Pattern.compile(
            "([a-z0-9][a-z0-9_.:/-]{0,127})(\\+[a-z0-9+#-]{1,32})?(@[a-z]+)?=([0-9]{1,4})\\.\\.([0-9]{1,4})");

    /** One pool. {@code INVALID_REQUEST} says what would be right. */
    public static PoolText parse(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw wrong("'" + text.strip() + "' is not a pool");
        }
        int floor = Integer.parseInt(form.group(4));
        int cap = Integer.parseInt(form.group(5));
        if (cap > CAP_MAX || cap < 1 || floor > cap) {
            throw wrong("a pool has from 0 to " + CAP_MAX + " sandboxes, and not more at least than at most: '"
                    + text.strip() + "'");
        }
        return new PoolText(
                form.group(1),
                Optional.ofNullable(form.group(2)).map(part -> part.substring(1)),
                Optional.ofNullable(form.group(3)).map(part -> Isolation.parse(part.substring(1))),
                floor,
                cap);
    }

    /** Several, with commas between them; none in an empty text. */
    public static List<PoolText> list(String text) {
        return text.isBlank()
                ? List.of()
                : distinct(Arrays.stream(text.split(",")).toList());
    }

    /** @throws Failure {@code INVALID_REQUEST}, also where the same pool is there twice, and for very many */
    public static List<PoolText> distinct(List<String> texts) {
        if (texts.size() > POOLS_MAX) {
            throw wrong("there are " + texts.size() + " pools; " + POOLS_MAX + " may be");
        }
        List<PoolText> pools = texts.stream().map(PoolText::parse).toList();
        Set<String> seen = new HashSet<>();
        for (PoolText pool : pools) {
            if (!seen.add(pool.name())) {
                throw wrong("the pool '" + pool.name() + "' is there twice");
            }
        }
        return pools;
    }

    private static Failure wrong(String message) {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                message,
                "write TEMPLATE[+LANGUAGE|+sandbox][@LEVEL]=FLOOR..CAP, as in base+python=1..8");
    }

    /** Whether it is for who creates a sandbox. */
    boolean forClients() {
        return language.equals(Optional.of(FOR_CLIENTS));
    }

    /** Without its numbers. */
    public String name() {
        return template
                + language.map(name -> "+" + name).orElse("")
                + isolation.map(level -> "@" + level.label()).orElse("");
    }

    /** The same of a plan, with its level. */
    public static String name(PoolPlan plan) {
        Optional<String> inside = plan.shape().map(_ -> FOR_CLIENTS).or(plan::prestart);
        return new PoolText(plan.template(), inside, Optional.of(plan.isolation()), plan.floor(), plan.cap()).name();
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s=%d..%d", name(), floor, cap);
    }
}
