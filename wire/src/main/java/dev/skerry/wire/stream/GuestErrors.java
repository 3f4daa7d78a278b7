package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Fields;
import dev.skerry.wire.FieldsText;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;

/** Error codes of the guest (docs/protocol.md, section 6) as ours. */
final class GuestErrors {
    private static final int MESSAGE_CHARS_MAX = 1024;

    /** By code, from 1. What the guest says is never a fault of ours, so none is INTERNAL. */
    private static final ErrorCode[] CODES = {
        ErrorCode.INVALID_REQUEST,
        ErrorCode.NOT_FOUND,
        ErrorCode.DENIED,
        ErrorCode.CONFLICT,
        ErrorCode.NO_SPACE,
        ErrorCode.LIMIT_EXCEEDED,
        ErrorCode.UNSUPPORTED,
        ErrorCode.CONFLICT,
        ErrorCode.CONFLICT,
        ErrorCode.HOST_UNREACHABLE
    };

    private GuestErrors() {}

    /** The guest's words are a tenant's: cut to length, and nothing in them that a terminal obeys. */
    static Failure failure(Fields fields) throws ProtocolViolation {
        int code = (int) fields.require(Tag.CODE, 1, CODES.length);
        String message = fields.text(Tag.MESSAGE).orElse("the sandbox gave no reason");
        String head = message.substring(0, Math.min(message.length(), MESSAGE_CHARS_MAX));
        return new Failure(CODES[code - 1], FieldsText.printable(head));
    }
}
