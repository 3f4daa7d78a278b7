package dev.skerry.server.settings;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Ranges of addresses. */
public record Networks(List<Network> all) {
    public static final Networks NONE = new Networks(List.of());

    public Networks {
        all = List.copyOf(all);
    }

    /** Those whose first bits are the same. */
    public record Network(InetAddress base, int bits) {
        /** @param text as in {@code 10.0.0.0/8} or {@code fd00::/8} */
        public static Network parse(String text) {
            int slash = text.indexOf('/');
            try {
                if (slash > 0) {
                    InetAddress base = InetAddress.ofLiteral(text.substring(0, slash));
                    int bits = Integer.parseInt(text.substring(slash + 1));
                    if (bits >= 0 && bits <= base.getAddress().length * 8) {
                        return new Network(base, bits);
                    }
                }
            } catch (IllegalArgumentException e) {
                // Said below.
            }
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + text + "' is not a network",
                    "write an address and how many bits of it count, as in 10.0.0.0/8");
        }

        public boolean contains(InetAddress address) {
            byte[] one = base.getAddress();
            byte[] other = address.getAddress();
            if (one.length != other.length) {
                return false;
            }
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit % 8);
                if (((one[bit / 8] ^ other[bit / 8]) & mask) != 0) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public String toString() {
            return base.getHostAddress() + "/" + bits;
        }
    }

    /** @param text networks with commas between them; may be empty */
    public static Networks parse(String text) {
        return new Networks(Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .map(Network::parse)
                .toList());
    }

    public boolean contain(InetAddress address) {
        return all.stream().anyMatch(network -> network.contains(address));
    }

    @Override
    public String toString() {
        return all.stream().map(Network::toString).collect(Collectors.joining(", "));
    }
}
