package dev.skerry.server.jobs;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** A store of jobs that is reached through somebody who sees each call. */
public final class WatchedJobStore {
    private WatchedJobStore() {}

    /** Sees a call, and passes it on or not. */
    @FunctionalInterface
    public interface Watcher {
        Object called(Method method, Object[] arguments) throws Throwable;
    }

    public static JobStore of(Watcher watcher) {
        return (JobStore) Proxy.newProxyInstance(
                JobStore.class.getClassLoader(),
                new Class<?>[] {JobStore.class},
                (_, method, arguments) -> watcher.called(method, arguments));
    }

    /** What the store does and throws. */
    public static Object pass(JobStore inner, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(inner, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
