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
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

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
    /** The one variable that the Piston door gives to every job. */
    private static final String LANGUAGE = "PISTON_LANGUAGE";

    /** Of a program that an interpreter may wait for; in no folder. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}");

    /** A zip archive, which Python runs like a folder, ends with a record that begins with these bytes. */
    private static final byte[] ZIP_END = {'P', 'K', 5, 6};

    private static final List<Prestart> ALL = List.of(
            new Prestart(Language.PYTHON, name -> name.startsWith(".local/"), "\\.pyc$", false),
            new Prestart(Language.JAVASCRIPT, "package.json"::equals, "\\.(mjs|mts|ts|json|node|wasm)$", true),
            new Prestart(Language.JAVA, name -> name.startsWith(".hotspot"), "[.]", true));

    private final Language language;
    private final Predicate<String> seenAtStart;
    private final Pattern otherwiseOpened;
    private final boolean asksForMemory;

    private Prestart(Language language, Predicate<String> seenAtStart, String otherwiseOpened, boolean asksForMemory) {
        this.language = language;
        this.seenAtStart = seenAtStart;
        this.otherwiseOpened = Pattern.compile(otherwiseOpened);
        this.asksForMemory = asksForMemory;
    }

    /** Empty where the language's programs are not run by an interpreter that can wait. */
    public static Optional<Prestart> of(Language language) {
        return ALL.stream().filter(one -> one.language == language).findFirst();
    }

    public Language language() {
        return language;
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
     * @throws Failure {@code UNSUPPORTED} when the template has none; when it ends instead, or takes longer than it may
     */
    public Waiting begin(EngineSandbox sandbox) throws InterruptedException {
        return begin(sandbox, first());
    }

    Waiting begin(EngineSandbox sandbox, Fashion fashion) throws InterruptedException {
        Start start = UsualStart.of(sandbox, language, fashion.program(), fashion.environment())
                .orElseThrow(() -> new Failure(
                        ErrorCode.UNSUPPORTED,
                        "the template '" + sandbox.place().template() + "' cannot run " + language.label(),
                        "plan the pool without prestart, or with a template that has it"));
        return begin(sandbox, start, fashion);
    }

    /**
     * Starts the interpreter in a sandbox and waits until it waits.
     *
     * @param start as the program would be started in this sandbox; its limits do not hold while it waits
     * @throws Failure when it ends instead, or takes longer than it may
     */
    Waiting begin(EngineSandbox sandbox, Start start, Fashion fashion) throws InterruptedException {
        return new Waiting(Parking.park(sandbox, start, door(start)), start, fashion);
    }

    /** The file whose opening holds it. */
    private String door(Start start) {
        List<String> words = start.words();
        return language == Language.JAVA
                ? words.get(words.size() - 2) + "/" + words.getLast() + ".class"
                : words.getLast();
    }

    /** What it is started with before any job was seen. */
    Fashion first() {
        return new Fashion(language == Language.JAVA ? "Main" : language.fileName(), Map.of());
    }

    /** What must be known of the job when its interpreter starts. */
    Fashion fashion(JobOrder order) {
        JobFile program = order.files().getFirst();
        return new Fashion(
                language == Language.JAVA
                        ? Language.mainClass(program.name(), new String(program.content(), StandardCharsets.UTF_8))
                        : program.name(),
                order.environment());
    }

    /**
     * Why the first run of this order must be started anew, whatever waits, in words for an operator. Of its
     * environment and command {@link Waiting#release} has the last word.
     */
    Optional<String> refusal(AskedProgram asked) {
        JobOrder order = asked.order();
        if (!order.prestarted()) {
            return Optional.of("it asks for a fresh interpreter");
        }
        if (order.files().isEmpty() || order.cases().isEmpty()) {
            return Optional.of("it has no program");
        }
        if (!order.cases().getFirst().arguments().isEmpty()) {
            return Optional.of("its program has arguments, which are part of the command");
        }
        if (language == Language.JAVASCRIPT
                && !order.runtime().runtime().orElse("node").equals("node")) {
            return Optional.of("it is for " + order.runtime().runtime().orElseThrow());
        }
        // A value may be a secret: a process that waits for other jobs must not have it.
        if (!order.environment().isEmpty()
                && !order.environment().equals(Map.of(LANGUAGE, order.runtime().language()))) {
            return Optional.of("it has an environment of its own, which an interpreter reads when it starts");
        }
        String program = asked.fashion(this).program();
        if (!NAME.matcher(program).matches() || otherwiseOpened.matcher(program).find()) {
            return Optional.of("its program is called " + program + ", which no interpreter waits for");
        }
        if (language == Language.PYTHON && contains(order.files().getFirst().content(), ZIP_END)) {
            return Optional.of("its program may be an archive, which is opened in another way");
        }
        return order.files().stream()
                .map(JobFile::name)
                .filter(seenAtStart)
                .findFirst()
                .map(name -> "it has a file " + name + ", which the interpreter looks for when it starts");
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
