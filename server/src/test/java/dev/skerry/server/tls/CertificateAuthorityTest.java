package dev.skerry.server.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
    private static final String DOMAIN = "sbx.localhost";
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

    @TempDir
    private Path folder;

    /** A time that a test sets. */
    private static final class Clock implements InstantSource {
        private volatile Instant now = NOW;

        @Override
        public Instant instant() {
            return now;
        }
    }

    private CertificateAuthority open(String domain) {
        return CertificateAuthority.open(folder, domain, InstantSource.fixed(NOW));
    }

    private String read(String name) throws Exception {
        return Files.readString(folder.resolve("tls").resolve(name), StandardCharsets.ISO_8859_1);
    }

    @Test
    void itIsMadeOnce() throws Exception {
        X509Certificate first = open(DOMAIN).certificate();
        String key = read("ca.key");
        assertThat(open(DOMAIN).certificate()).isEqualTo(first);
        assertThat(read("ca.key")).isEqualTo(key);
        try (var files = Files.list(folder.resolve("tls"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("ca.key", "ca.pem", "ca-bundle.pem");
        }
    }

    @Test
    void theKeyIsItsOwnersAlone() throws Exception {
        open(DOMAIN);
        Path key = folder.resolve("tls/ca.key");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        open(DOMAIN);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        assertThat(read("ca.pem") + read("ca-bundle.pem")).doesNotContain("PRIVATE");
    }

    @Test
    void manyFirstCallsMakeOne() throws Exception {
        List<X509Certificate> made = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.ofVirtual().start(() -> {
                X509Certificate certificate = open(DOMAIN).certificate();
                synchronized (made) {
                    made.add(certificate);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(made).hasSize(8);
        assertThat(made.stream().map(X509Certificate::getPublicKey).distinct()).hasSize(1);
    }

    @Test
    void anotherDomainGetsAnotherCertificateOfTheSameKey() throws Exception {
        X509Certificate first = open(DOMAIN).certificate();
        X509Certificate second = open("boxes.example").certificate();
        assertThat(second.getPublicKey()).isEqualTo(first.getPublicKey());
        assertThat(second).isNotEqualTo(first);
        assertThat(second.getSubjectX500Principal().getName()).contains("boxes.example");
        assertThat(read("ca.pem")).isEqualTo(Pem.of(second));
    }

    @Test
    void theServersCertificateIsRenewedInTime() throws Exception {
        Clock clock = new Clock();
        CertificateAuthority authority = CertificateAuthority.open(folder, DOMAIN, clock);
        X509Certificate first = authority.serverCertificate();
        assertThat(Duration.between(
                        first.getNotBefore().toInstant(), first.getNotAfter().toInstant()))
                .isLessThanOrEqualTo(Duration.ofDays(397));
        clock.now = NOW.plus(Duration.ofDays(50));
        assertThat(authority.serverCertificate()).isEqualTo(first);
        clock.now = NOW.plus(Duration.ofDays(70));
        X509Certificate second = authority.serverCertificate();
        assertThat(second.getNotAfter()).isAfter(first.getNotAfter());
        second.verify(authority.certificate().getPublicKey());
    }

    @Test
    void anAuthorityThatEndsSoonIsMadeAnew() {
        X509Certificate first = open(DOMAIN).certificate();
        Instant late = first.getNotAfter().toInstant().minus(Duration.ofDays(100));
        CertificateAuthority authority = CertificateAuthority.open(folder, DOMAIN, InstantSource.fixed(late));
        assertThat(authority.certificate().getNotAfter()).isAfter(first.getNotAfter());
        assertThat(authority.certificate().getPublicKey()).isEqualTo(first.getPublicKey());
    }

    @Test
    void aLostCertificateIsMadeAnewAndADamagedKeyIsSaid() throws Exception {
        X509Certificate first = open(DOMAIN).certificate();
        Files.writeString(folder.resolve("tls/ca.pem"), "rubbish");
        assertThat(open(DOMAIN).certificate().getPublicKey()).isEqualTo(first.getPublicKey());
        Files.delete(folder.resolve("tls/ca.pem"));
        assertThat(open(DOMAIN).certificate().getPublicKey()).isEqualTo(first.getPublicKey());
        Files.writeString(folder.resolve("tls/ca.key"), "rubbish");
        assertThatThrownBy(() -> open(DOMAIN)).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT);
            assertThat(failure).hasMessageContaining("ca.key");
        });
    }

    @Test
    void theBundleHasTheSystemsAuthoritiesAndOurs() throws Exception {
        Path system = Files.writeString(folder.resolve("system.pem"), "# others");
        CertificateAuthority authority = CertificateAuthority.open(
                folder, DOMAIN, InstantSource.fixed(NOW), List.of(folder.resolve("none"), system));
        assertThat(Files.readString(authority.bundleFile())).isEqualTo("# others\n" + read("ca.pem"));
        CertificateAuthority alone =
                CertificateAuthority.open(folder, DOMAIN, InstantSource.fixed(NOW), List.of(folder.resolve("none")));
        assertThat(Files.readString(alone.bundleFile())).isEqualTo(read("ca.pem"));
    }

    @Test
    void whatIsNoDomainIsRefused() {
        for (String domain : List.of("", "a b", "*.x", "x_y", "-x", "x-", "a..b", "a:1", "x".repeat(64), "ü.example")) {
            assertThatThrownBy(() -> open(domain))
                    .as(domain)
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        }
    }

    @Test
    void opensslAcceptsItForItsNamesAndForNoOthers() throws Exception {
        CertificateAuthority authority = CertificateAuthority.open(folder, DOMAIN, InstantSource.system());
        Listener listener = Listener.secure(Listener.Address.parse("127.0.0.1:0"), authority.context());
        try (HttpServer server = HttpServer.open(List.of(listener), exchange -> exchange.empty(204))) {
            int port = server.ports().getFirst();
            for (String name : List.of("3000-abc.sbx.localhost", "sbx.localhost", "api.sbx.localhost", "localhost")) {
                assertThat(openssl(authority, port, "-verify_hostname", name))
                        .as(name)
                        .isZero();
            }
            assertThat(openssl(authority, port, "-verify_ip", "127.0.0.1")).isZero();
            assertThat(openssl(authority, port, "-verify_ip", "::1")).isZero();
            assertThat(openssl(authority, port, "-verify_hostname", "a.b.sbx.localhost"))
                    .isNotZero();
            assertThat(openssl(authority, port, "-verify_hostname", "example.org"))
                    .isNotZero();
            assertThat(openssl(authority, port, "-verify_hostname", "localhost", "-tls1_2"))
                    .isZero();
            assertThat(openssl(authority, port, "-verify_hostname", "localhost", "-tls1_1"))
                    .isNotZero();
        }
    }

    @Test
    void itCannotVouchForAnotherDomain() throws Exception {
        CertificateAuthority authority = CertificateAuthority.open(folder, DOMAIN, InstantSource.system());
        Issuer foreign = new Issuer("bank.example");
        var key = Pem.key(read("ca.key"));
        var pair = Issuer.newKey();
        Instant now = InstantSource.system().instant();
        Path leaf = Files.writeString(
                folder.resolve("leaf.pem"),
                Pem.of(foreign.leaf(authority.certificate(), key, pair.getPublic(), now, Duration.ofDays(9))));
        Path own = Files.writeString(folder.resolve("own.pem"), Pem.of(authority.serverCertificate()));
        assertThat(verify(authority, own)).isZero();
        assertThat(verify(authority, leaf)).isNotZero();
    }

    private static int verify(CertificateAuthority authority, Path certificate) throws Exception {
        return run(List.of(
                "openssl",
                "verify",
                "-x509_strict",
                "-purpose",
                "sslserver",
                "-CAfile",
                authority.certificateFile().toString(),
                certificate.toString()));
    }

    private static int openssl(CertificateAuthority authority, int port, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "openssl",
                "s_client",
                "-verify_return_error",
                "-verify",
                "3",
                "-CAfile",
                authority.certificateFile().toString(),
                "-connect",
                "127.0.0.1:" + port));
        command.addAll(List.of(options));
        return run(command);
    }

    private static int run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }
}
