package dev.skerry.wire.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.FieldsText;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Entries of a folder.
 *
 * @param truncated there were more, or they were too long to be kept all
 */
public record Listing(List<FileInfo> entries, boolean truncated) {
    private static final Duration END_BOUND = Duration.ofMinutes(1);
    private static final int HEAD_BYTES = 4;

    /** More than any entry has: a path, a target and some numbers. */
    private static final int ENTRY_BYTES_MAX = 16 << 10;

    /** Longer entries than these on average are left out at the end: the whole is kept in memory. */
    private static final long ENTRY_BYTES_MEAN = 512;

    private static final long SLACK_BYTES = 1 << 20;

    /** Parts of a path that lead to where it already is: who walks a tree by its entries would not come to an end. */
    private static final List<String> NOT_BELOW = List.of("", ".");

    public Listing {
        entries = List.copyOf(entries);
    }

    static Listing read(GuestConnection connection, GuestChannel channel, int entriesMax) throws InterruptedException {
        List<FileInfo> found = new ArrayList<>();
        long room = SLACK_BYTES + entriesMax * ENTRY_BYTES_MEAN;
        try (InputStream in = new GuestInput(channel, 1, true)) {
            for (byte[] head = in.readNBytes(HEAD_BYTES); head.length > 0; head = in.readNBytes(HEAD_BYTES)) {
                if (found.size() >= entriesMax) {
                    throw new ProtocolViolation("a listing of more entries than were asked for");
                }
                byte[] entry = entry(head, in);
                room -= entry.length;
                if (room < 0) {
                    return new Listing(found, true);
                }
                found.add(info(Fields.read(ByteBuffer.wrap(entry))));
            }
            Fields end = channel.awaitEnd(END_BOUND);
            return new Listing(found, end.number(Tag.TRUNCATED, 0) != 0);
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] entry(byte[] head, InputStream in) throws IOException, ProtocolViolation {
        int word = head.length < HEAD_BYTES
                ? 0
                : ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt();
        int length = word >>> 8;
        if (head.length == HEAD_BYTES && ((word & 0xff) != Tag.ENTRY.number() || length > ENTRY_BYTES_MAX)) {
            throw new ProtocolViolation("a listing holds what was not asked for");
        }
        byte[] entry = in.readNBytes(length);
        if (head.length < HEAD_BYTES || entry.length < length) {
            throw new ProtocolViolation("a listing is cut off");
        }
        return entry;
    }

    private static FileInfo info(Fields entry) throws ProtocolViolation {
        String path = FileInfo.relative(entry.text(Tag.PATH).orElse(""));
        if (!Collections.disjoint(List.of(path.split("/", -1)), NOT_BELOW)) {
            throw new ProtocolViolation("an entry that is not below its folder: " + FieldsText.shown(path));
        }
        return FileInfo.of(path, entry);
    }
}
