package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.secrets.Secret;
import dev.skerry.server.secrets.Secrets;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.eclipse.jetty.http.HttpField;

/**
 * The field with which a server tells another one, by the secret that both have, that it passes a request on, and for
 * whom: {@code SECONDS ADDRESS http|https MAC}. It is good for a minute, for the time that servers' clocks differ.
 */
public final class RelaySeal {
    /** Of the field. */
    public static final String NAME = "X-Skerry-Relayed";

    private static final String ALGORITHM = "HmacSHA256";
    private static final long SECONDS_MAX = 60;
    private static final Pattern FORM =
            Pattern.compile("(([0-9]{1,12}) ([0-9A-Fa-f.:\\[\\]%]{1,60}) (https?)) ([0-9a-f]{64})");

    private final Secrets secrets;
    private final InstantSource clock;

    /** @param secrets of the instance; what another server has made with an earlier one is accepted */
    public RelaySeal(Secrets secrets, InstantSource clock) {
        this.secrets = secrets;
        this.clock = clock;
    }

    private static SecretKey key(Secret secret) {
        return new SecretKeySpec(mac(secret.key(ALGORITHM), "relay"), ALGORITHM);
    }

    private static byte[] mac(SecretKey key, String text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return mac.doFinal(text.getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpField field(Exchange exchange) {
        long now = clock.instant().getEpochSecond();
        String text = now + " " + exchange.remote() + " " + (exchange.secure() ? "https" : "http");
        return new HttpField(NAME, text + " " + HexFormat.of().formatHex(mac(key(secrets.current()), text)));
    }

    /** Where it came from, if another server has passed it on; a field that a client made up says nothing. */
    public Optional<Exchange.Origin> origin(Exchange exchange) {
        return exchange.header(NAME).map(FORM::matcher).filter(Matcher::matches).flatMap(form -> {
            boolean fresh = Math.abs(clock.instant().getEpochSecond() - Long.parseLong(form.group(2))) <= SECONDS_MAX;
            byte[] given = HexFormat.of().parseHex(form.group(5));
            return fresh && isOfOneOfUs(form.group(1), given)
                    ? Optional.of(
                            new Exchange.Origin(form.group(3), form.group(4).equals("https")))
                    : Optional.empty();
        });
    }

    private boolean isOfOneOfUs(String text, byte[] given) {
        return secrets.accepted().stream().anyMatch(secret -> MessageDigest.isEqual(mac(key(secret), text), given));
    }
}
