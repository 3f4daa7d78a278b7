package dev.skerry.server.gateway;

import dev.skerry.server.gateway.AnswerHead.Framing;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpField;

/** The content of an answer, and whether it has come to the end that was announced. */
final class AnswerBody {
    private static final int CHUNK_LINE_BYTES_MAX = 4 << 10;
    private static final Pattern CHUNK = Pattern.compile("([0-9A-Fa-f]{1,15})[ \\t]*(?:;.*)?");

    private final Upstream upstream;
    private final Framing framing;
    private final int trailerBytesMax;

    /** Of the whole, or of the chunk that is being read. */
    private long left;

    private boolean withinChunks;
    private boolean ended;
    private List<HttpField> trailers = List.of();

    AnswerBody(Upstream upstream, Framing framing, int trailerBytesMax) {
        this.upstream = upstream;
        this.framing = framing;
        this.trailerBytesMax = trailerBytesMax;
        switch (framing) {
            case Framing.None _ -> ended = true;
            case Framing.Length length -> {
                left = length.bytes();
                ended = left == 0;
            }
            case Framing.Chunked _, Framing.Rest _ -> {}
        }
    }

    /** Whether nothing more comes, as far as is known without reading. */
    boolean ended() {
        return ended;
    }

    /** After the end of a chunked one. */
    List<HttpField> trailers() {
        return trailers;
    }

    /** -1 at the end; an end that comes too early is a {@link BadAnswer}. */
    int read(byte[] into) throws IOException {
        if (ended) {
            return -1;
        }
        return switch (framing) {
            case Framing.None _ -> -1;
            case Framing.Rest _ -> {
                int count = upstream.read(into, 0, into.length);
                ended = count < 0;
                yield count;
            }
            case Framing.Length _ -> {
                int count = readOfLeft(into);
                ended = left == 0;
                yield count;
            }
            case Framing.Chunked _ -> chunked(into);
        };
    }

    private int readOfLeft(byte[] into) throws IOException {
        int count = upstream.read(into, 0, (int) Math.min(into.length, left));
        if (count < 0) {
            throw BadAnswer.broken("it ended " + left + " bytes too early");
        }
        left -= count;
        return count;
    }

    private int chunked(byte[] into) throws IOException {
        if (left == 0) {
            nextChunk();
            if (ended) {
                return -1;
            }
        }
        return readOfLeft(into);
    }

    private void nextChunk() throws IOException {
        if (withinChunks && !upstream.line(0).isEmpty()) {
            throw BadAnswer.broken("a chunk that is longer than it says");
        }
        withinChunks = true;
        Matcher size = CHUNK.matcher(upstream.line(CHUNK_LINE_BYTES_MAX));
        if (!size.matches()) {
            throw BadAnswer.broken("a chunk without a size");
        }
        left = Long.parseLong(size.group(1), 16);
        if (left == 0) {
            trailers = AnswerHead.fields(upstream, trailerBytesMax);
            ended = true;
        }
    }
}
