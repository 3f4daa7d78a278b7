package dev.skerry.cli;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** What {@code serve} starts, without anything behind it. */
final class FakeServer implements RunningServer {
    /** For tests that start no server. */
    static final Context.ServerOpener NONE = _ -> {
        throw new Failure(ErrorCode.UNSUPPORTED, "no server in this test");
    };

    static final Facts FACTS = new Facts(
            URI.create("http://127.0.0.1:3000"),
            Optional.empty(),
            "sbx.localhost:8443",
            Path.of("/data/ca.pem"),
            Path.of("/data/all.pem"));

    final List<String> keys = new ArrayList<>();
    final List<String> minted = new ArrayList<>();
    final CountDownLatch drained = new CountDownLatch(1);
    /** What takes its time while it is drained. */
    Runnable draining = () -> {};

    boolean closed;

    @Override
    public Facts facts() {
        return FACTS;
    }

    @Override
    public boolean accepts(String key) {
        return keys.contains(key);
    }

    @Override
    public String mintKey(String name) {
        String key = "e2b_" + "%040x".formatted(minted.size() + 1);
        minted.add(key);
        keys.add(key);
        return key;
    }

    @Override
    public List<String> lines() {
        return List.of("names below sbx.localhost do not resolve");
    }

    @Override
    public void drain() {
        draining.run();
        drained.countDown();
    }

    @Override
    public void awaitEnd() throws InterruptedException {
        drained.await();
    }

    @Override
    public void close() {
        closed = true;
    }
}
