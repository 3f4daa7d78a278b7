package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.jobs.VersionFile.Version;
import dev.skerry.host.templates.Template;
import dev.skerry.host.templates.TemplateDefaults;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for what a template says, and who does not. */
@Timeout(20)
class AnswersTest {
    private static final List<Version> NONE = List.of();
    private static final List<Version> PYTHON = List.of(new Version(Language.PYTHON, 0, "3.11.2"));

    private final Map<String, List<Version>> kept = new ConcurrentHashMap<>();
    private final AtomicInteger asked = new AtomicInteger();
    private final Semaphore begun = new Semaphore(0);
    private final CountDownLatch speaks = new CountDownLatch(1);
    private volatile boolean fails;
    private final Answers answers = new Answers(new Answers.Source() {
        @Override
        public Optional<List<Version>> kept(Template template) {
            return Optional.ofNullable(kept.get(template.digest()));
        }

        @Override
        public List<Version> ask(Template template) throws InterruptedException {
            asked.incrementAndGet();
            begun.release();
            if (template.name().equals("slow")) {
                speaks.await();
            }
            if (fails) {
                throw new Failure(ErrorCode.UNSUPPORTED, "it cannot be asked");
            }
            return PYTHON;
        }
    });
    private final ExecutorService others = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void end() {
        speaks.countDown();
        answers.close();
        others.close();
    }

    private static Template template(String name) {
        return new Template(
                name,
                "sha256:" + name,
                List.of(Path.of("/")),
                new TemplateDefaults("user", "/", List.of(), List.of()),
                false,
                List.of());
    }

    @Test
    void nobodyWaitsForTheAnswerOfAnotherTemplate() throws Exception {
        Future<List<Version>> slow = others.submit(() -> answers.of(template("slow")));
        begun.acquire();
        assertThat(answers.of(template("quick"))).isEqualTo(PYTHON);
        assertThat(answers.known(template("quick"))).hasValue(PYTHON);
        assertThat(answers.known(template("slow"))).isEmpty();
        assertThat(slow.isDone()).isFalse();
        speaks.countDown();
        assertThat(slow.get()).isEqualTo(PYTHON);
        assertThat(answers.known(template("slow"))).hasValue(PYTHON);
    }

    @Test
    void itIsSaidWhileSomeAreAsked() throws Exception {
        assertThat(answers.asking()).isFalse();
        assertThat(answers.known(template("slow"))).isEmpty();
        assertThat(answers.asking()).isTrue();
        begun.acquire();
        assertThat(answers.asking()).isTrue();
        speaks.countDown();
        while (answers.known(template("slow")).isEmpty()) {
            Thread.onSpinWait();
        }
        assertThat(answers.of(template("quick"))).isEqualTo(PYTHON);
        while (answers.asking()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void eachIsAskedOnce() throws Exception {
        Future<List<Version>> first = others.submit(() -> answers.of(template("slow")));
        begun.acquire();
        Future<List<Version>> second = others.submit(() -> answers.of(template("slow")));
        assertThat(answers.known(template("slow"))).isEmpty();
        speaks.countDown();
        assertThat(first.get()).isEqualTo(second.get());
        assertThat(asked).hasValue(1);
    }

    @Test
    void whatIsKeptIsNotAsked() {
        kept.put("sha256:kept", NONE);
        assertThat(answers.known(template("kept"))).hasValue(NONE);
        assertThat(answers.of(template("kept"))).isEqualTo(NONE);
        assertThat(asked).hasValue(0);
    }

    /** The listing goes on without it. */
    @Test
    void whatIsNotKnownIsAskedByTheWay() throws Exception {
        assertThat(answers.known(template("slow"))).isEmpty();
        begun.acquire();
        speaks.countDown();
        assertThat(answers.of(template("slow"))).isEqualTo(PYTHON);
        assertThat(asked).hasValue(1);
    }

    @Test
    void whatCannotBeAskedIsAskedAgainByWhoeverWaitsForIt() {
        fails = true;
        assertThatThrownBy(() -> answers.of(template("new"))).isInstanceOf(Failure.class);
        assertThat(answers.known(template("new"))).isEmpty();
        assertThat(asked).as("and not by the way").hasValue(1);
        fails = false;
        assertThat(answers.of(template("new"))).isEqualTo(PYTHON);
    }

    @Test
    void whoWaitsAsksItselfWhenTheOneThatAskedIsInterrupted() throws Exception {
        Future<List<Version>> first = others.submit(() -> answers.of(template("slow")));
        begun.acquire();
        Future<List<Version>> second = others.submit(() -> answers.of(template("slow")));
        assertThat(first.cancel(true)).isTrue();
        begun.acquire();
        speaks.countDown();
        assertThat(second.get()).isEqualTo(PYTHON);
    }
}
