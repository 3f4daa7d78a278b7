package dev.skerry.host.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Fields;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;

/** Error codes of the guest (docs/protocol.md, section 6) as ours. */
final class GuestErrors {
    private static final ErrorCode[] CODES = {
        ErrorCode.INTERNAL,
        ErrorCode.INVALID_REQUEST,
        ErrorCode.NOT_FOUND,
        ErrorCode.DENIED,
        ErrorCode.CONFLICT,
        ErrorCode.NO_SPACE,
        ErrorCode.LIMIT_EXCEEDED,
        ErrorCode.UNSUPPORTED,
        ErrorCode.CONFLICT,
        ErrorCode.INTERNAL,
        ErrorCode.HOST_UNREACHABLE
    };

    private GuestErrors() {}

    static Failure failure(Fields fields) throws ProtocolViolation {
        long code = fields.number(Tag.CODE, 0);
        String message = fields.text(Tag.MESSAGE).orElse("the sandbox gave no reason");
        return new Failure(code < 0 || code >= CODES.length ? ErrorCode.INTERNAL : CODES[(int) code], message);
    }

    /** A field that the protocol promises is missing or malformed. */
    static Failure broken(ProtocolViolation e) {
        return new Failure(ErrorCode.SANDBOX_GONE, "the sandbox broke the protocol: " + e.getMessage(), e);
    }
}
