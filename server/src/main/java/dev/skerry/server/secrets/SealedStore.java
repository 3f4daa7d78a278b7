package dev.skerry.server.secrets;

import java.util.Map;

/** Keeps texts that {@link Sealing} has encrypted. */
public interface SealedStore {
    /**
     * Encrypts with the secret in use what was encrypted with another one, or not at all by an earlier version.
     *
     * @return how many
     */
    int reseal();

    /** How many texts are encrypted with each secret, by its id. */
    Map<String, Long> sealedBy();
}
