package dev.skerry.host.jobs.prestart;

import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.JobSandbox.Start;
import dev.skerry.host.jobs.Language;
import dev.skerry.host.jobs.UsualStart;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How the interpreter of one language is started ahead of its job, and which jobs it can run.
 *
 * <p>In place of the program there is a FIFO, so that the interpreter, when it has made itself ready, waits in the
 * open(2) of its program. There it is stopped (SIGSTOP), and the FIFO is removed: as far as a program can see nothing
 * of all this is left. When it goes on (SIGCONT), the kernel starts the interrupted open anew, path and all, and it
 * finds the file that is there by then. Should it be stopped too early, it only has more to do later: it runs nothing
 * of the job's before it is released.
 *
 * <p>So the process is one that was started with the same words, environment, folder, user and standard streams, and
 * has done the same. What differs is its age, that limits of memory and CPUs were others when it asked for them, and
 * what it had looked at before the job's files came. Thread-safe.
 */
public final class Prestart {
    /** A zip archive, which Python runs like a folder, ends with a record that begins with these bytes. */
    private static final byte[] ZIP_END = {'P', 'K', 5, 6};

    private static final List<Prestart> ALL = List.of(
            new Prestart(Language.PYTHON, name -> name.startsWith(".local/"), false),
            new Prestart(Language.JAVASCRIPT, "package.json"::equals, true),
            new Prestart(Language.JAVA, name -> name.startsWith(".hotspot"), true));

    private final Language language;
    private final Predicate<String> seenAtStart;
    private final boolean asksForMemory;

    private Prestart(Language language, Predicate<String> seenAtStart, boolean asksForMemory) {
        this.language = language;
        this.seenAtStart = seenAtStart;
        this.asksForMemory = asksForMemory;
    }

    /** Empty where the language's programs are not run by an interpreter that can wait. */
    public static Optional<Prestart> of(Language language) {
        return ALL.stream().filter(one -> one.language == language).findFirst();
    }

    public Language language() {
        return language;
    }

    /** The name of the program, which must be known when the interpreter starts. */
    public String mainFile() {
        return language.fileName();
    }

    /**
     * Whether it sizes its heap by the sandbox's memory when it starts: then a sandbox whose memory is changed later
     * is not what a program would find.
     */
    public boolean asksForMemory() {
        return asksForMemory;
    }

    /**
     * Starts the interpreter for a program of the usual name, as a job host would.
     *
     * @throws Failure {@code UNSUPPORTED} when the template has none; else as {@link #begin(EngineSandbox, Start)}
     */
    public Waiting begin(EngineSandbox sandbox) throws InterruptedException {
        Start start = UsualStart.of(sandbox, language)
                .orElseThrow(() -> new Failure(
                        ErrorCode.UNSUPPORTED,
                        "the template '" + sandbox.place().template() + "' cannot run " + language.label(),
                        "plan the pool without prestart, or with a template that has it"));
        return begin(sandbox, start);
    }

    /**
     * Starts the interpreter in a sandbox and waits until it waits.
     *
     * @param start as the program would be started in this sandbox; its limits do not hold while it waits
     * @throws Failure when it ends instead, or takes longer than it may
     */
    public Waiting begin(EngineSandbox sandbox, Start start) throws InterruptedException {
        return Parking.park(sandbox, start, door(start));
    }

    /** The file whose opening holds it. */
    private String door(Start start) {
        List<String> words = start.words();
        return language == Language.JAVA
                ? words.get(words.size() - 2) + "/" + words.getLast() + ".class"
                : words.getLast();
    }

    /**
     * Why the first run of this order must be started anew, in words for an operator; empty: it may be claimed for. Of
     * its environment and command {@link Waiting#release} has the last word.
     */
    public Optional<String> refusal(JobOrder order) {
        if (!order.prestarted()) {
            return Optional.of("it asks for a fresh interpreter");
        }
        if (language == Language.JAVASCRIPT
                && !order.runtime().runtime().orElse("node").equals("node")) {
            return Optional.of("it is for " + order.runtime().runtime().orElseThrow());
        }
        // A Java file is called like its class.
        if (order.files().isEmpty()
                || (language != Language.JAVA
                        && !order.files().getFirst().name().equals(mainFile()))) {
            return Optional.of("its program is not named " + mainFile());
        }
        if (!order.environment().isEmpty()) {
            return Optional.of("it has an environment of its own, which an interpreter reads when it starts");
        }
        if (order.cases().isEmpty() || !order.cases().getFirst().arguments().isEmpty()) {
            return Optional.of("its program has arguments, which are part of the command");
        }
        return order.files().stream()
                .map(JobFile::name)
                .filter(seenAtStart)
                .findFirst()
                .map(name -> "it has a file " + name + ", which the interpreter looks for when it starts")
                .or(() -> refusal(order.files().getFirst().content()));
    }

    private Optional<String> refusal(byte[] program) {
        if (language == Language.PYTHON && contains(program, ZIP_END)) {
            return Optional.of("its program may be an archive, which is opened in another way");
        }
        if (language == Language.JAVA && !mainClass(program).equals("Main")) {
            return Optional.of("its main class is not Main");
        }
        return Optional.empty();
    }

    private static String mainClass(byte[] program) {
        return Language.mainClass(new String(program, StandardCharsets.UTF_8));
    }

    private static boolean contains(byte[] text, byte[] part) {
        for (int at = 0; at + part.length <= text.length; at++) {
            int same = 0;
            while (same < part.length && text[at + same] == part[same]) {
                same++;
            }
            if (same == part.length) {
                return true;
            }
        }
        return false;
    }
}
