package dev.skerry.host.seccomp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Runs a filter as the kernel does (kernel/seccomp.c, seccomp_check_filter), for what our filters are made of;
 * anything else fails.
 */
final class SeccompInterpreter {
    private final ByteBuffer program;

    SeccompInterpreter(byte[] program) {
        this.program = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** @param steps instructions executed */
    record Outcome(int result, int steps) {}

    int instructions() {
        return program.capacity() / 8;
    }

    Outcome run(int auditArch, int number, long... arguments) {
        var data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        data.putInt(number).putInt(auditArch).putLong(0);
        for (long argument : arguments) {
            data.putLong(argument);
        }
        int accumulator = 0;
        int at = 0;
        for (int steps = 1; ; steps++) {
            int code = program.getShort(at * 8);
            int ifTrue = Byte.toUnsignedInt(program.get(at * 8 + 2));
            int ifFalse = Byte.toUnsignedInt(program.get(at * 8 + 3));
            int value = program.getInt(at * 8 + 4);
            switch (code) {
                case 0x20 -> {
                    accumulator = data.getInt(value);
                    at++;
                }
                case 0x05 -> at += 1 + value;
                case 0x15 -> at += 1 + (accumulator == value ? ifTrue : ifFalse);
                case 0x35 -> at += 1 + (Integer.compareUnsigned(accumulator, value) >= 0 ? ifTrue : ifFalse);
                case 0x45 -> at += 1 + ((accumulator & value) != 0 ? ifTrue : ifFalse);
                case 0x06 -> {
                    return new Outcome(value, steps);
                }
                default -> throw new AssertionError("instruction " + at + " has code " + code);
            }
        }
    }
}
