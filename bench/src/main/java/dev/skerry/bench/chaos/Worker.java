package dev.skerry.bench.chaos;

import dev.skerry.bench.chaos.Client.Answer;
import dev.skerry.bench.chaos.Journal.Call;
import dev.skerry.bench.chaos.Journal.Operation;
import dev.skerry.bench.chaos.Population.Inhabitant;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** A client: asks one of the servers for one thing after the other and writes down what it was answered. */
final class Worker implements Runnable {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final int LONG_SECONDS = 3600;
    private static final int SHORT_SECONDS = 20;
    private static final int THINK_MILLIS_MAX = 600;
    private static final int BACK_OFF_MILLIS = 500;

    private final String name;
    private final ServerPair pair;
    private final Population population;
    private final int live;
    private final Journal journal;
    private final InstantSource clock;
    private final RandomGenerator random;

    Worker(
            int number,
            ChaosSettings settings,
            ServerPair pair,
            Population population,
            Journal journal,
            InstantSource clock) {
        this.name = "client-" + number;
        this.pair = pair;
        this.population = population;
        this.live = settings.live();
        this.journal = journal;
        this.clock = clock;
        this.random = new Random(settings.seed() + number);
    }

    /** Something that is asked, with the status of its answer. */
    @FunctionalInterface
    private interface Question {
        Answer ask(ServeProcess server) throws IOException, InterruptedException;
    }

    @Override
    public void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                step();
                TimeUnit.MILLISECONDS.sleep(random.nextInt(THINK_MILLIS_MAX));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void step() throws InterruptedException {
        if (population.size() < live) {
            create();
            return;
        }
        int dice = random.nextInt(100);
        if (dice < 10) {
            asked(Operation.LIST, Optional.empty(), server -> {
                pair.client().list(server.origin(), BOUND);
                return new Answer(200, "");
            });
            return;
        }
        Optional<Inhabitant> taken = population.take(random);
        if (taken.isEmpty()) {
            return;
        }
        Inhabitant inhabitant = taken.get();
        if (dice < 25) {
            kill(inhabitant);
        } else if (dice < 35) {
            pauseAndResume(inhabitant);
        } else if (dice < 45) {
            control(Operation.TIMEOUT, inhabitant, "POST", "/timeout", "{\"timeout\":" + LONG_SECONDS + "}");
            population.put(inhabitant);
        } else {
            look(inhabitant);
        }
    }

    /** Empty when nothing was answered. */
    private Optional<Answer> asked(Operation operation, Optional<String> sandbox, Question question)
            throws InterruptedException {
        ServeProcess server = pair.servers().get(random.nextInt(2));
        long began = clock.millis();
        try {
            Answer answer = question.ask(server);
            Optional<String> id =
                    operation == Operation.CREATE ? Client.created(answer).map(Box::id) : sandbox;
            String words = answer.status() < 300 ? "" : answer.body();
            journal.add(new Call(name, operation, id, began, clock.millis(), answer.status(), words));
            return Optional.of(answer);
        } catch (IOException e) {
            journal.add(new Call(name, operation, sandbox, began, clock.millis(), 0, String.valueOf(e.getMessage())));
            return Optional.empty();
        }
    }

    private void create() throws InterruptedException {
        int seconds = random.nextInt(10) == 0 ? SHORT_SECONDS : LONG_SECONDS;
        String body = Client.createBody(seconds, Map.of("by", name));
        Optional<Box> made = asked(Operation.CREATE, Optional.empty(), server -> pair.client()
                        .call(server.origin(), "POST", "/v2/sandboxes", body, BOUND))
                .flatMap(Client::created);
        if (made.isPresent()) {
            settle(made.get());
        } else {
            TimeUnit.MILLISECONDS.sleep(BACK_OFF_MILLIS);
        }
    }

    /** Puts something in it that must be there as long as it lives. */
    private void settle(Box box) throws InterruptedException {
        String word = Long.toString(random.nextLong(), Character.MAX_RADIX);
        boolean written = exec(box, "echo " + word + " > /dev/shm/word && cat /dev/shm/word")
                .filter(said -> said.strip().equals(word))
                .isPresent();
        int[] process = new int[1];
        asked(Operation.EXEC, Optional.of(box.id()), server -> {
            process[0] = pair.client().begin(server.origin(), box, "exec sleep 1000000", BOUND);
            return new Answer(200, "");
        });
        population.put(new Inhabitant(box, written ? word : "", process[0]));
    }

    private Optional<String> exec(Box box, String line) throws InterruptedException {
        return asked(Operation.EXEC, Optional.of(box.id()), server -> {
                    Client.Executed executed = pair.client().exec(server.origin(), box, line, BOUND);
                    return new Answer(200, executed.output());
                })
                .map(Answer::body);
    }

    private Optional<Answer> control(
            Operation operation, Inhabitant inhabitant, String method, String path, String body)
            throws InterruptedException {
        String id = inhabitant.box().id();
        return asked(operation, Optional.of(id), server -> pair.client()
                .call(server.origin(), method, "/sandboxes/" + id + path, body, BOUND));
    }

    private void kill(Inhabitant inhabitant) throws InterruptedException {
        Optional<Answer> answer = control(Operation.KILL, inhabitant, "DELETE", "", "");
        if (answer.filter(each -> List.of(204, 404).contains(each.status())).isPresent()) {
            population.forget(inhabitant);
        } else {
            population.put(inhabitant);
        }
    }

    private void pauseAndResume(Inhabitant inhabitant) throws InterruptedException {
        control(Operation.PAUSE, inhabitant, "POST", "/pause", "");
        Optional<Answer> resumed =
                control(Operation.RESUME, inhabitant, "POST", "/connect", "{\"timeout\":" + LONG_SECONDS + "}");
        keepUnlessGone(inhabitant, resumed);
    }

    private void look(Inhabitant inhabitant) throws InterruptedException {
        if (exec(inhabitant.box(), "cat /dev/shm/word").isPresent()) {
            population.put(inhabitant);
        } else {
            keepUnlessGone(inhabitant, control(Operation.LIST, inhabitant, "GET", "", ""));
        }
    }

    private void keepUnlessGone(Inhabitant inhabitant, Optional<Answer> answer) {
        if (answer.filter(each -> each.status() == 404).isPresent()) {
            population.forget(inhabitant);
        } else {
            population.put(inhabitant);
        }
    }
}
