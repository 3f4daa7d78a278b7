package dev.skerry.server.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes certificates as RFC 5280 wants them: an authority's own, and a server's. */
final class Issuer {
    /** Clocks differ. */
    private static final Duration BEFORE = Duration.ofDays(1);

    private static final int SERIAL_BITS = 127;
    private static final int NAME_MAX = 64;

    private final String domain;
    private final SecureRandom random = new SecureRandom();

    Issuer(String domain) {
        this.domain = domain;
    }

    static KeyPair newKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    /** Signed with its own key. It can vouch for the domain and what is below it, and for the loopback. */
    X509Certificate authority(PrivateKey key, PublicKey of, Instant now, Duration validity)
            throws GeneralSecurityException {
        X500Name name = name("Skerry " + domain);
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            X509v3CertificateBuilder builder = builder(name, name, of, now, validity)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                    .addExtension(Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(of))
                    .addExtension(Extension.nameConstraints, true, constraints());
            return sign(builder, key);
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private NameConstraints constraints() {
        GeneralSubtree[] permitted = List.of(
                        new GeneralName(GeneralName.dNSName, domain),
                        new GeneralName(GeneralName.dNSName, "localhost"),
                        new GeneralName(GeneralName.iPAddress, "127.0.0.1/32"),
                        new GeneralName(GeneralName.iPAddress, "::1/128"))
                .stream()
                .map(GeneralSubtree::new)
                .toArray(GeneralSubtree[]::new);
        return new NameConstraints(permitted, null);
    }

    /** For a server that has the domain, everything right below it, and the loopback. */
    X509Certificate leaf(X509Certificate authority, PrivateKey key, PublicKey of, Instant now, Duration validity)
            throws GeneralSecurityException {
        GeneralName[] names = List.of(
                        new GeneralName(GeneralName.dNSName, "*." + domain),
                        new GeneralName(GeneralName.dNSName, domain),
                        new GeneralName(GeneralName.dNSName, "api." + domain),
                        new GeneralName(GeneralName.dNSName, "localhost"),
                        new GeneralName(GeneralName.iPAddress, "127.0.0.1"),
                        new GeneralName(GeneralName.iPAddress, "::1"))
                .toArray(GeneralName[]::new);
        X500Name issuer =
                X500Name.getInstance(authority.getSubjectX500Principal().getEncoded());
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            X509v3CertificateBuilder builder = builder(issuer, name(domain), of, now, validity)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(
                            Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
                    .addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names))
                    .addExtension(Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(of))
                    .addExtension(
                            Extension.authorityKeyIdentifier,
                            false,
                            extensions.createAuthorityKeyIdentifier(authority.getPublicKey()));
            return sign(builder, key);
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private X509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, PublicKey of, Instant now, Duration validity) {
        BigInteger serial = new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS - 1);
        return new JcaX509v3CertificateBuilder(
                issuer,
                serial,
                Date.from(now.minus(BEFORE)),
                Date.from(now.minus(BEFORE).plus(validity)),
                subject,
                of);
    }

    /** A common name has at most 64 characters (RFC 5280, appendix A.1); nobody looks for a domain in it any more. */
    private static X500Name name(String text) {
        return new X500NameBuilder()
                .addRDN(BCStyle.O, "Skerry")
                .addRDN(BCStyle.CN, text.substring(0, Math.min(text.length(), NAME_MAX)))
                .build();
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }
}
