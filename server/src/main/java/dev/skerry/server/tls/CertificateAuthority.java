package dev.skerry.server.tls;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate authority that the server makes for itself. Its key and certificate are in {@code tls/} of the data
 * folder: {@code ca.key} (PKCS #8, mode 0600), {@code ca.pem} and {@code ca-bundle.pem}. The certificate is constrained
 * to the domain and the loopback, so whoever trusts it trusts it for nothing else. When the domain changes the key
 * remains and the certificate is made anew; clients have to read {@code ca.pem} again then. The server's own
 * certificate lives in memory only and is renewed while the server runs.
 */
public final class CertificateAuthority {
    /** Where systems keep the authorities they trust: Debian, Fedora, openSUSE, Alpine. */
    static final List<Path> SYSTEM_BUNDLES = List.of(
            Path.of("/etc/ssl/certs/ca-certificates.crt"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
            Path.of("/etc/ssl/ca-bundle.pem"),
            Path.of("/etc/ssl/cert.pem"));

    private static final Logger LOG = LoggerFactory.getLogger(CertificateAuthority.class);
    private static final Duration VALIDITY = Duration.ofDays(3650);

    /** A leaf must not outlive its authority. */
    private static final Duration RENEWED_BEFORE = LeafKeys.VALIDITY.plusDays(30);

    private static final Pattern DOMAIN =
            Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*");
    private static final int DOMAIN_CHARS_MAX = 200;

    private final Path folder;
    private final X509Certificate certificate;
    private final LeafKeys leaf;
    private final SSLContext context;

    private CertificateAuthority(Path folder, X509Certificate certificate, LeafKeys leaf, SSLContext context) {
        this.folder = folder;
        this.certificate = certificate;
        this.leaf = leaf;
        this.context = context;
    }

    /**
     * Reads it, or makes it at the first call.
     *
     * @param domain without a port
     * @throws Failure {@code INVALID_REQUEST} for what is not a domain, {@code CONFLICT} when a file is damaged,
     *     {@code UNSUPPORTED} when one cannot be read or written
     */
    public static CertificateAuthority open(Path dataFolder, String domain, InstantSource clock) {
        return open(dataFolder, domain, clock, SYSTEM_BUNDLES);
    }

    static CertificateAuthority open(Path dataFolder, String domain, InstantSource clock, List<Path> systemBundles) {
        String name = domain.toLowerCase(Locale.ROOT);
        if (name.length() > DOMAIN_CHARS_MAX || !DOMAIN.matcher(name).matches()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "no certificate can be made for '" + domain + "'",
                    "name a domain of letters, digits, '-' and dots, as in sbx.localhost");
        }
        Path folder = dataFolder.resolve("tls");
        try {
            Files.createDirectories(folder);
            Issuer issuer = new Issuer(name);
            PrivateKey key = key(folder.resolve("ca.key"), folder.resolve("ca.pem"), issuer, clock);
            X509Certificate own = certificate(folder.resolve("ca.pem"), key, issuer, clock);
            bundle(folder.resolve("ca-bundle.pem"), Pem.of(own), systemBundles);
            LeafKeys leaf = new LeafKeys(issuer, own, key, clock);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {leaf}, new TrustManager[0], null);
            return new CertificateAuthority(folder, own, leaf, context);
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED, "the certificates in " + folder + " cannot be used: " + e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new Failure(ErrorCode.INTERNAL, "a certificate could not be made", e);
        }
    }

    /** The public half of a key is in the certificate, so the first of them is made together with it. */
    private static PrivateKey key(Path file, Path certificate, Issuer issuer, InstantSource clock)
            throws IOException, GeneralSecurityException {
        if (!Files.exists(file)) {
            KeyPair pair = Issuer.newKey();
            String text = Pem.of(pair.getPrivate())
                    + Pem.of(issuer.authority(pair.getPrivate(), pair.getPublic(), clock.instant(), VALIDITY));
            if (SafeFile.create(file, text, SafeFile.OWNER_ONLY)) {
                Files.deleteIfExists(certificate);
            }
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(SafeFile.OWNER_ONLY));
        try {
            return Pem.key(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (GeneralSecurityException e) {
            throw damaged(file, e);
        }
    }

    private static X509Certificate certificate(Path file, PrivateKey key, Issuer issuer, InstantSource clock)
            throws IOException, GeneralSecurityException {
        Instant now = clock.instant();
        // What was made together with the key knows the public half, whatever became of the file since.
        Path keyFile = file.resolveSibling("ca.key");
        X509Certificate first;
        try {
            first = Pem.certificate(Files.readString(keyFile, StandardCharsets.ISO_8859_1));
        } catch (GeneralSecurityException e) {
            throw damaged(keyFile, e);
        }
        X509Certificate wanted = issuer.authority(key, first.getPublicKey(), now, VALIDITY);
        Optional<X509Certificate> current = read(file).filter(found -> serves(found, wanted, now));
        if (current.isPresent()) {
            return current.get();
        }
        SafeFile.put(file, Pem.of(wanted), SafeFile.READABLE);
        return wanted;
    }

    private static Optional<X509Certificate> read(Path file) throws IOException {
        try {
            return Optional.of(Pem.certificate(Files.readString(file, StandardCharsets.ISO_8859_1)));
        } catch (NoSuchFileException | GeneralSecurityException e) {
            // It is made anew, from the key.
            return Optional.empty();
        }
    }

    private static boolean serves(X509Certificate found, X509Certificate wanted, Instant now) {
        return found.getPublicKey().equals(wanted.getPublicKey())
                && found.getSubjectX500Principal().equals(wanted.getSubjectX500Principal())
                && Arrays.equals(constraints(found), constraints(wanted))
                && found.getNotBefore().toInstant().isBefore(now)
                && found.getNotAfter().toInstant().isAfter(now.plus(RENEWED_BEFORE));
    }

    private static byte[] constraints(X509Certificate certificate) {
        byte[] value = certificate.getExtensionValue("2.5.29.30");
        return value == null ? new byte[0] : value;
    }

    private static Failure damaged(Path file, Exception e) {
        return new Failure(
                ErrorCode.CONFLICT,
                file + " is damaged: " + e.getMessage(),
                "restore it from a backup, or delete it: a new authority is made, which clients have to learn of",
                e);
    }

    /** SSL_CERT_FILE replaces what a program trusts, so its file has to hold the system's authorities too. */
    private static void bundle(Path file, String own, List<Path> systemBundles) throws IOException {
        for (Path candidate : systemBundles) {
            if (Files.isReadable(candidate)) {
                String others = Files.readString(candidate, StandardCharsets.ISO_8859_1);
                String separator = others.isEmpty() || others.endsWith("\n") ? "" : "\n";
                SafeFile.put(file, others + separator + own, SafeFile.READABLE);
                return;
            }
        }
        LOG.atWarn()
                .addKeyValue("looked", systemBundles)
                .log("this machine has no list of authorities: SSL_CERT_FILE will trust the server's own alone");
        SafeFile.put(file, own, SafeFile.READABLE);
    }

    /** For a listener; TLS 1.2 and later are the listener's to choose. */
    public SSLContext context() {
        return context;
    }

    /** The authority's certificate alone, for NODE_EXTRA_CA_CERTS. */
    public Path certificateFile() {
        return folder.resolve("ca.pem");
    }

    /** The authorities that this machine trusts, and this one, for SSL_CERT_FILE. */
    public Path bundleFile() {
        return folder.resolve("ca-bundle.pem");
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** The server's certificate as the next client gets it. */
    public X509Certificate serverCertificate() {
        return leaf.current().chain()[0];
    }
}
