package dev.skerry.host.stream;

import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Entries of a folder.
 *
 * @param truncated there were more
 */
public record Listing(List<FileInfo> entries, boolean truncated) {
    private static final Duration END_BOUND = Duration.ofMinutes(1);
    private static final int HEAD_BYTES = 4;

    /** More than any entry has: a path, a target and some numbers. */
    private static final int ENTRY_BYTES_MAX = 16 << 10;

    public Listing {
        entries = List.copyOf(entries);
    }

    static Listing read(GuestConnection connection, GuestChannel channel, int entriesMax) throws InterruptedException {
        List<FileInfo> found = new ArrayList<>();
        try (InputStream in = new GuestInput(channel, 1, true)) {
            for (byte[] head = in.readNBytes(HEAD_BYTES); head.length > 0; head = in.readNBytes(HEAD_BYTES)) {
                if (found.size() >= entriesMax) {
                    throw new ProtocolViolation("a listing of more entries than were asked for");
                }
                found.add(entry(head, in));
            }
            Fields end = channel.awaitEnd(END_BOUND);
            return new Listing(found, end.number(Tag.TRUNCATED, 0) != 0);
        } catch (ProtocolViolation e) {
            throw connection.broken(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static FileInfo entry(byte[] head, InputStream in) throws IOException, ProtocolViolation {
        if (head.length < HEAD_BYTES) {
            throw new ProtocolViolation("a listing is cut off");
        }
        int word = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt();
        int length = word >>> 8;
        if ((word & 0xff) != Tag.ENTRY.number() || length > ENTRY_BYTES_MAX) {
            throw new ProtocolViolation("a listing holds what was not asked for");
        }
        Fields entry = Fields.read(ByteBuffer.wrap(in.readNBytes(length)));
        return FileInfo.of(FileInfo.relative(entry.text(Tag.PATH).orElse("")), entry);
    }
}
