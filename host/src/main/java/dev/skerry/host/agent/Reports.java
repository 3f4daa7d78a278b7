package dev.skerry.host.agent;

import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells listeners, on a thread of its own and in order, so that none of them holds up whoever noticed. There is at most
 * one end of each sandbox, so what waits is bounded by their number.
 */
final class Reports implements HostListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reports.class);

    private final List<HostListener> listeners = new CopyOnWriteArrayList<>();
    private final LinkedBlockingQueue<Consumer<HostListener>> waiting = new LinkedBlockingQueue<>();
    private final Thread teller = Thread.ofVirtual().name("host-reports").start(this::tell);

    void add(HostListener listener) {
        listeners.add(listener);
    }

    @Override
    public void ended(Incarnation incarnation, SandboxEnd end) {
        waiting.add(listener -> listener.ended(incarnation, end));
    }

    @Override
    public void frozen(Incarnation incarnation) {
        waiting.add(listener -> listener.frozen(incarnation));
    }

    private void tell() {
        try {
            while (true) {
                Consumer<HostListener> report = waiting.take();
                for (HostListener listener : listeners) {
                    tell(listener, report);
                }
            }
        } catch (InterruptedException e) {
            // Closed.
            Thread.currentThread().interrupt();
        }
    }

    private static void tell(HostListener listener, Consumer<HostListener> report) {
        try {
            report.accept(listener);
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).log("a listener of the host failed");
        }
    }

    @Override
    public void close() {
        teller.interrupt();
    }
}
