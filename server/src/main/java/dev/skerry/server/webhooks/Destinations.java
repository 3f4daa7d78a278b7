package dev.skerry.server.webhooks;

import dev.skerry.server.settings.Networks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Where deliveries may go: to addresses of the internet, unless a setting names more. The server must not become a way
 * to what only it can reach: services on its loopback and in its networks, the metadata of a cloud.
 */
final class Destinations {
    private static final int URL_LENGTH_MAX = 2048;

    /** IANA's special-purpose registries: what is not for hosts of the internet, beyond what Java has names for. */
    private static final Networks SPECIAL =
            Networks.parse("0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12,"
                    + " 192.0.0.0/24, 192.0.2.0/24, 192.88.99.0/24, 192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24,"
                    + " 203.0.113.0/24, 224.0.0.0/4, 240.0.0.0/4,"
                    + " ::/96, 64:ff9b:1::/48, 100::/64, 2001::/23, 2001:db8::/32, 3fff::/20, 5f00::/16, fc00::/7,"
                    + " fe80::/10, fec0::/10, ff00::/8");

    /** They carry an address of version 4, in the bytes from there on. */
    private static final Networks.Network NAT64 = Networks.Network.parse("64:ff9b::/96");

    private static final Networks.Network SIX_TO_FOUR = Networks.Network.parse("2002::/16");

    private final Networks allowed;

    Destinations(Networks allowed) {
        this.allowed = allowed;
    }

    /** @throws Failure {@code INVALID_REQUEST} when it is not a URL that can be posted to */
    static URI parse(String text) {
        try {
            URI url = new URI(text);
            boolean http = url.getScheme() != null
                    && Set.of("http", "https").contains(url.getScheme().toLowerCase(Locale.ROOT));
            boolean plain = url.getRawUserInfo() == null && url.getRawFragment() == null && url.getHost() != null;
            boolean port = url.getPort() == -1 || (url.getPort() > 0 && url.getPort() <= 65_535);
            if (http
                    && plain
                    && port
                    && text.length() <= URL_LENGTH_MAX
                    && text.chars().allMatch(c -> c < 0x7f)) {
                return url;
            }
        } catch (URISyntaxException e) {
            // Said below.
        }
        throw new Failure(
                ErrorCode.INVALID_REQUEST,
                "'url' is not a URL that can be posted to",
                "write http:// or https://, a host and a path, without a user or a fragment, in " + URL_LENGTH_MAX
                        + " characters of ASCII at most");
    }

    /**
     * Resolves it, now.
     *
     * @return where to connect to; not empty, and none of them is forbidden
     * @throws Failure {@code DENIED} when one of them is, {@code HOST_UNREACHABLE} when there are none
     */
    List<InetAddress> resolve(URI url) {
        String host = url.getHost();
        InetAddress[] found;
        try {
            found = InetAddress.getAllByName(host);
        } catch (UnknownHostException e) {
            throw new Failure(ErrorCode.HOST_UNREACHABLE, "the name " + host + " does not resolve", e);
        }
        // One that is forbidden among several says enough of the name.
        if (Arrays.stream(found).anyMatch(this::forbidden)) {
            throw new Failure(
                    ErrorCode.DENIED,
                    host + " is at an address that webhooks may not reach",
                    "use one of the internet; the setting webhooks.networks allows others");
        }
        return List.of(found);
    }

    boolean forbidden(InetAddress address) {
        if (allowed.contain(address)) {
            return false;
        }
        return address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()
                || SPECIAL.contain(address)
                || carried(address).filter(this::forbidden).isPresent()
                || ours(address);
    }

    private static Optional<InetAddress> carried(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return Optional.empty();
        }
        int from = NAT64.contains(address) ? 12 : SIX_TO_FOUR.contains(address) ? 2 : -1;
        try {
            return from < 0
                    ? Optional.empty()
                    : Optional.of(InetAddress.getByAddress(Arrays.copyOfRange(address.getAddress(), from, from + 4)));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** This machine's, also one that the internet knows. */
    private static boolean ours(InetAddress address) {
        try {
            return NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException e) {
            return true; // not known, so not allowed
        }
    }
}
