package dev.skerry.server.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The server's certificate and key, made anew in time. A handshake names the certificate it uses by an alias, so those
 * that began before a renewal end with what they began with.
 */
final class LeafKeys extends X509ExtendedKeyManager {
    /** Browsers and systems refuse more than 397 days, some will soon refuse more than 100. */
    static final Duration VALIDITY = Duration.ofDays(90);

    private static final Duration RENEWED_BEFORE = Duration.ofDays(30);

    private final Issuer issuer;
    private final X509Certificate authority;
    private final PrivateKey authorityKey;
    private final InstantSource clock;
    private final ReentrantLock renewing = new ReentrantLock();
    private volatile Leaf leaf;
    private volatile Leaf earlier;

    LeafKeys(Issuer issuer, X509Certificate authority, PrivateKey authorityKey, InstantSource clock)
            throws GeneralSecurityException {
        this.issuer = issuer;
        this.authority = authority;
        this.authorityKey = authorityKey;
        this.clock = clock;
        this.leaf = make();
        this.earlier = leaf;
    }

    /** One certificate and its key. */
    record Leaf(String alias, PrivateKey key, X509Certificate certificate) {
        X509Certificate[] chain() {
            return new X509Certificate[] {certificate};
        }

        boolean serves(Instant now) {
            return certificate.getNotBefore().toInstant().isBefore(now)
                    && certificate.getNotAfter().toInstant().isAfter(now.plus(RENEWED_BEFORE));
        }
    }

    private Leaf make() throws GeneralSecurityException {
        KeyPair pair = Issuer.newKey();
        X509Certificate made = issuer.leaf(authority, authorityKey, pair.getPublic(), clock.instant(), VALIDITY);
        return new Leaf(made.getSerialNumber().toString(Character.MAX_RADIX), pair.getPrivate(), made);
    }

    Leaf current() {
        if (!leaf.serves(clock.instant())) {
            renewing.lock();
            try {
                if (!leaf.serves(clock.instant())) {
                    Leaf next = make();
                    earlier = leaf;
                    leaf = next;
                }
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("the server's certificate cannot be renewed", e);
            } finally {
                renewing.unlock();
            }
        }
        return leaf;
    }

    private @Nullable Leaf named(String alias) {
        Leaf now = leaf;
        Leaf before = earlier;
        if (now.alias().equals(alias)) {
            return now;
        }
        return before.alias().equals(alias) ? before : null;
    }

    private @Nullable String alias(@Nullable String keyType) {
        return "EC".equals(keyType) ? current().alias() : null;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return alias(keyType);
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return alias(keyType);
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        String alias = alias(keyType);
        return alias == null ? null : new String[] {alias};
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        Leaf found = named(alias);
        return found == null ? null : found.chain();
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        Leaf found = named(alias);
        return found == null ? null : found.key();
    }

    // What a client would ask.

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
