package dev.skerry.server.envd;

import java.util.Locale;
import java.util.Optional;

/** Chooses between gzip and none by {@code Accept-Encoding} (RFC 9110, section 12.5.3). */
final class ContentCoding {
    private ContentCoding() {}

    /**
     * Whether to send gzip.
     *
     * @throws RestError 406 when neither is wanted
     */
    static boolean gzip(Optional<String> accepted) {
        double gzip = -1;
        double identity = -1;
        double any = -1;
        for (String part : accepted.orElse("").split(",", -1)) {
            String[] words = part.split(";", 2);
            double quality = words.length > 1 ? quality(words[1]) : 1;
            switch (words[0].strip().toLowerCase(Locale.ROOT)) {
                case "gzip", "x-gzip" -> gzip = quality;
                case "identity" -> identity = quality;
                case "*" -> any = quality;
                default -> {}
            }
        }
        // What is not named is as the star says; identity is always good unless it is refused.
        double plain = identity >= 0 ? identity : any == 0 ? 0 : Double.MIN_VALUE;
        double packed = gzip >= 0 ? gzip : plain == 0 ? any : 0;
        if (packed <= 0 && plain <= 0) {
            throw new RestError(406, "error parsing Accept-Encoding: no acceptable encoding found, supported: [gzip]");
        }
        return packed > 0 && packed >= plain;
    }

    private static double quality(String parameter) {
        String text = parameter.strip().toLowerCase(Locale.ROOT);
        try {
            return text.startsWith("q=") ? Double.parseDouble(text.substring(2).strip()) : 1;
        } catch (NumberFormatException e) {
            return 1;
        }
    }
}
