package dev.skerry.cli;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SIGTERM, SIGINT and SIGHUP, once they mean "end in order": the first runs an action, the second ends the process at
 * once. A shutdown hook cannot tell a second signal, and the exit code after one is never 0. The JDK's own interface to
 * signals, {@code sun.misc.Signal} of module jdk.unsupported, is called by reflection, because javac warns of its name.
 */
final class StopSignals {
    private static final List<String> NAMES = List.of("TERM", "INT", "HUP");

    private StopSignals() {}

    /** @param stop runs on a thread of its own; a second signal does not wait for it */
    static void onFirst(Runnable stop) {
        AtomicInteger seen = new AtomicInteger();
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object first = Proxy.newProxyInstance(
                    StopSignals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            if (seen.getAndIncrement() > 0) {
                                int number = (int) signal.getMethod("getNumber").invoke(arguments[0]);
                                Runtime.getRuntime().halt(ExitCode.SIGNAL_BASE + number);
                            }
                            Thread.ofPlatform().name("stop").start(stop);
                        }
                        return null;
                    });
            for (String name : NAMES) {
                Object one = signal.getConstructor(String.class).newInstance(name);
                signal.getMethod("handle", signal, handler).invoke(null, one, first);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM does not let signals be handled", e);
        }
    }
}
