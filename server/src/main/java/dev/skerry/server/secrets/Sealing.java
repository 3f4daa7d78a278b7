package dev.skerry.server.secrets;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * Encrypts what has to be stored and used again: AES-256-GCM (NIST SP 800-38D) with a random nonce, under a key derived
 * (HKDF-SHA-256, RFC 5869) from the instance's secret for one use and one subject. So a value that was copied to
 * another row does not open there, and no key sees many nonces. Thread-safe.
 *
 * <p>The form is {@code v1.ID.DATA}: the id of the secret, and nonce, ciphertext and tag in base64url.
 */
public final class Sealing {
    private static final Pattern FORM = Pattern.compile("v1\\.([0-9a-f]{" + Secret.ID_LENGTH + "})\\.([A-Za-z0-9_-]+)");
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int KEY_BYTES = 32;

    private final Secrets secrets;
    private final SecureRandom random = new SecureRandom();

    /** What is encrypted. The names are part of the derivation and never change. */
    public enum Use {
        /** Variables that a sandbox was created with. */
        ENVIRONMENT,
        /** What deliveries of a webhook are signed with. */
        WEBHOOK,
        /** A program that is to be run later, with all that belongs to it. */
        JOB,
        /** What is signed with it when the end of a job is told. */
        CALLBACK
    }

    public Sealing(Secrets secrets) {
        this.secrets = secrets;
    }

    /** What every text sealed with the secret in use begins with. */
    public String prefix() {
        return prefix(secrets.current());
    }

    private static String prefix(Secret secret) {
        return "v1." + secret.id() + ".";
    }

    /** Characters of {@link #prefix}. */
    public static int prefixLength() {
        return "v1.".length() + Secret.ID_LENGTH + 1;
    }

    /** The id of the secret that a sealed text, or the prefix of one, names. */
    public static String secretOf(String sealed) {
        return sealed.substring("v1.".length(), prefixLength() - 1);
    }

    /** @param subject whose it is: the id of a row */
    public String seal(Use use, String subject, String text) {
        Secret secret = secrets.current();
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            byte[] encrypted = cipher(Cipher.ENCRYPT_MODE, secret, context(use, subject), nonce)
                    .doFinal(text.getBytes(StandardCharsets.UTF_8));
            byte[] whole = new byte[NONCE_BYTES + encrypted.length];
            System.arraycopy(nonce, 0, whole, 0, NONCE_BYTES);
            System.arraycopy(encrypted, 0, whole, NONCE_BYTES, encrypted.length);
            return prefix(secret) + Base64.getUrlEncoder().withoutPadding().encodeToString(whole);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @throws Failure {@code CONFLICT} when its secret is not there, or it is not what was sealed for that subject */
    public String open(Use use, String subject, String sealed) {
        Matcher form = FORM.matcher(sealed);
        if (!form.matches()) {
            throw unusable(use, subject, "is not in the form in which it is stored");
        }
        String id = form.group(1);
        Secret secret = secrets.find(id)
                .orElseThrow(() ->
                        unusable(use, subject, "is encrypted with secret " + id + ", which this server does not have"));
        try {
            byte[] whole = Base64.getUrlDecoder().decode(form.group(2));
            if (whole.length > NONCE_BYTES) {
                byte[] plain = cipher(Cipher.DECRYPT_MODE, secret, context(use, subject), whole)
                        .doFinal(whole, NONCE_BYTES, whole.length - NONCE_BYTES);
                return new String(plain, StandardCharsets.UTF_8);
            }
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // Said below.
        }
        throw unusable(use, subject, "does not open with the secret that it names");
    }

    private static Failure unusable(Use use, String subject, String why) {
        return new Failure(
                ErrorCode.CONFLICT,
                "what is stored of " + subject + " (" + use + ") " + why,
                "restore the file 'secret' of the data folder as it was when the database was written");
    }

    /** @param nonce it is at the beginning */
    private static Cipher cipher(int mode, Secret secret, byte[] context, byte[] nonce)
            throws GeneralSecurityException {
        SecretKey key = KDF.getInstance("HKDF-SHA256")
                .deriveKey(
                        "AES",
                        HKDFParameterSpec.ofExtract()
                                .addIKM(secret.key("Generic"))
                                .thenExpand(context, KEY_BYTES));
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce, 0, NONCE_BYTES));
        cipher.updateAAD(context);
        return cipher;
    }

    private static byte[] context(Use use, String subject) {
        return ("skerry v1 " + use + " " + subject).getBytes(StandardCharsets.UTF_8);
    }
}
