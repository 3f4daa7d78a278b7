package dev.skerry.server.secrets;

import java.util.Optional;

/** Secrets that are none. */
public final class TestSecrets {
    public static final Secrets ONE = Secrets.of(new Secret(new byte[32], Optional.empty()));

    public static final Sealing SEALING = new Sealing(ONE);

    private TestSecrets() {}
}
