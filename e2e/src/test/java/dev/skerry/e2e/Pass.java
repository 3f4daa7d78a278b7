package dev.skerry.e2e;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** How a client is told where the server is. Each is a way that users are shown. */
enum Pass {
    /** Everything through one plain http origin; ports and signed URLs need the wildcard host. */
    HTTP {
        @Override
        void apply(ShippedServer server, Map<String, String> environment) {
            environment.put("E2B_SANDBOX_URL", server.url());
        }
    },
    /** The domain alone, as with E2B's cloud; all goes over TLS to hosts below it. */
    TLS {
        @Override
        void apply(ShippedServer server, Map<String, String> environment) {
            environment.remove("E2B_API_URL");
        }
    },
    /** The lines that the server prints, as they are. */
    PASTED {
        @Override
        void apply(ShippedServer server, Map<String, String> environment) {
            // Nothing to change.
        }
    };

    /** What the surrounding environment may say about certificates and proxies would be about other servers. */
    private static final String FOREIGN =
            "(?i)E2B_.*|.*CA_BUNDLE|NODE_.*|.*CERT.*|SSL_.*|(https?|all|no)_proxy|PYTHON.*";

    abstract void apply(ShippedServer server, Map<String, String> environment);

    /** The environment of a client: ours, without what is about other servers, with what the server wrote. */
    Map<String, String> environment(ShippedServer server) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.keySet().removeIf(name -> name.matches(FOREIGN));
        environment.putAll(server.settings());
        apply(server, environment);
        environment.put("SKERRY_E2E_PASS", name().toLowerCase(Locale.ROOT));
        environment.put("SKERRY_E2E_HTTP", server.url());
        environment.put("SKERRY_E2E_PISTON", server.pistonUrl());
        environment.put("LC_ALL", "C.UTF-8");
        // No command line tool finds a login of ours.
        environment.put("HOME", server.data().resolveSibling("home").toString());
        return environment;
    }
}
