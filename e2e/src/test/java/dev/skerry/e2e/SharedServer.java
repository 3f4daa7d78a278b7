package dev.skerry.e2e;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives tests the {@link ShippedServer} and the {@link Clients} that all of one JVM share; closes them at its end. */
final class SharedServer implements ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(SharedServer.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == ShippedServer.class || type == Clients.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        var store = context.getRoot().getStore(NAMESPACE);
        if (parameter.getParameter().getType() == Clients.class) {
            return store.computeIfAbsent(Clients.class, type -> Clients.install(), Clients.class);
        }
        return store.computeIfAbsent(ShippedServer.class, type -> ShippedServer.start(), ShippedServer.class);
    }
}
