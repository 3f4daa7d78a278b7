package dev.skerry.testkit;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The claims run against this very host: {@code skerry doctor --attack}. */
public final class Attacks {
    private Attacks() {}

    /**
     * How one claim fared.
     *
     * @param detail what broke it, or why it could not be tried
     */
    public record Result(String claim, String title, Isolation level, Verdict verdict, String detail) {}

    /** What an attack showed. */
    public enum Verdict {
        HELD,
        BROKEN,
        /** The attack could not be made; the claim is not shown. */
        NOT_SHOWN
    }

    public static List<Result> run(Engine engine, Isolation level, Consumer<Result> progress) {
        List<Result> results = new ArrayList<>();
        for (Claim claim : Claims.all()) {
            Result result = attempt(engine, level, claim);
            results.add(result);
            progress.accept(result);
        }
        return results;
    }

    private static Result attempt(Engine engine, Isolation level, Claim claim) {
        try {
            claim.check(new Arena(engine, level));
            return new Result(claim.id(), claim.title(), level, Verdict.HELD, "");
        } catch (ClaimBroken e) {
            return new Result(claim.id(), claim.title(), level, Verdict.BROKEN, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Result(claim.id(), claim.title(), level, Verdict.NOT_SHOWN, "interrupted");
        } catch (Exception e) {
            return new Result(claim.id(), claim.title(), level, Verdict.NOT_SHOWN, e.toString());
        }
    }

    /** The command line: {@code --data FOLDER}. Exit code 0 when every claim held on every level. */
    public static int run(List<String> arguments) {
        if (arguments.size() != 2 || !arguments.getFirst().equals("--data")) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "attacks take --data FOLDER and nothing else");
        }
        boolean good = true;
        try (Engine engine = Engine.open(EngineSettings.installed(Path.of(arguments.getLast())))) {
            for (var driver : engine.drivers().available()) {
                System.out.println(driver.level().label() + " (" + driver.runtime() + ")");
                List<Result> results = run(
                        engine,
                        driver.level(),
                        result -> System.out.printf(
                                "  %-9s %-4s %s%s%n",
                                result.verdict(),
                                result.claim(),
                                result.title(),
                                result.detail().isEmpty() ? "" : ": " + result.detail()));
                good &= results.stream().allMatch(result -> result.verdict() == Verdict.HELD);
            }
        }
        return good ? 0 : 1;
    }
}
