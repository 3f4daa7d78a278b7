package dev.skerry.host.seccomp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns a profile into classic BPF (linux/bpf_common.h): the architecture first, then a balanced binary search over
 * ranges of numbers that have one rule, then what that rule needs. A conditional jump reaches 255 instructions; where
 * a half of the search is longer, an unconditional one takes over. Since kernel 5.11 the answers that depend on the
 * number alone are cached per filter anyway.
 */
final class FilterCompiler {
    private static final int LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private static final int JUMP = 0x05; // BPF_JMP | BPF_JA
    private static final int IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private static final int IF_GREATER_OR_EQUAL = 0x35; // BPF_JMP | BPF_JGE | BPF_K, unsigned
    private static final int IF_BIT_SET = 0x45; // BPF_JMP | BPF_JSET | BPF_K
    private static final int RETURN = 0x06; // BPF_RET | BPF_K
    private static final int JUMP_MAX = 255;

    /** struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6]. */
    private static final int OFFSET_NUMBER = 0;

    private static final int OFFSET_ARCH = 4;
    private static final int OFFSET_ARGUMENTS = 16;

    /** One struct sock_filter: u16 code, u8 jump if true, u8 jump if false, u32 k. Jumps count instructions skipped. */
    private record Instruction(int code, int ifTrue, int ifFalse, int value) {
        Instruction(int code, int value) {
            this(code, 0, 0, value);
        }
    }

    /** Numbers from {@code first} to the next range's first. */
    private record Range(int first, SyscallRule rule) {}

    private final SeccompProfile profile;

    FilterCompiler(SeccompProfile profile) {
        this.profile = profile;
    }

    byte[] compile() {
        var program = new ArrayList<Instruction>();
        program.add(new Instruction(LOAD_WORD, OFFSET_ARCH));
        program.add(new Instruction(IF_EQUAL, 1, 0, profile.arch().auditNumber()));
        program.add(answer(Ruling.ENOSYS));
        program.add(new Instruction(LOAD_WORD, OFFSET_NUMBER));
        program.addAll(search(ranges()));
        if (program.size() > 4096) {
            throw new IllegalStateException("the kernel takes 4096 instructions, not " + program.size());
        }
        var bytes = ByteBuffer.allocate(program.size() * 8).order(ByteOrder.LITTLE_ENDIAN);
        for (var instruction : program) {
            bytes.putShort((short) instruction.code())
                    .put((byte) instruction.ifTrue())
                    .put((byte) instruction.ifFalse())
                    .putInt(instruction.value());
        }
        return bytes.array();
    }

    /** x32 calls have bit 30 of the number set, so they fall into the last range, that of numbers we do not know. */
    private List<Range> ranges() {
        var ranges = new ArrayList<Range>();
        for (int number = 0; number <= profile.highest() + 1; number++) {
            var rule = profile.rule(number);
            if (ranges.isEmpty() || !ranges.getLast().rule().equals(rule)) {
                ranges.add(new Range(number, rule));
            }
        }
        return ranges;
    }

    private static List<Instruction> search(List<Range> ranges) {
        if (ranges.size() == 1) {
            return leaf(ranges.getFirst().rule());
        }
        var lower = search(ranges.subList(0, ranges.size() / 2));
        var upper = search(ranges.subList(ranges.size() / 2, ranges.size()));
        int pivot = ranges.get(ranges.size() / 2).first();
        var program = new ArrayList<Instruction>();
        if (lower.size() <= JUMP_MAX) {
            program.add(new Instruction(IF_GREATER_OR_EQUAL, lower.size(), 0, pivot));
        } else {
            program.add(new Instruction(IF_GREATER_OR_EQUAL, 0, 1, pivot));
            program.add(new Instruction(JUMP, lower.size()));
        }
        program.addAll(lower);
        program.addAll(upper);
        return program;
    }

    private static List<Instruction> leaf(SyscallRule rule) {
        return switch (rule) {
            case SyscallRule.Always(var verdict) -> List.of(answer(verdict));
            case SyscallRule.NoneSet(var argument, var mask) ->
                List.of(
                        load(argument),
                        new Instruction(IF_BIT_SET, 0, 1, mask),
                        answer(Ruling.EPERM),
                        answer(Ruling.ALLOW));
            case SyscallRule.OneOf(var argument, var values, var otherwise) ->
                compare(argument, values, Ruling.ALLOW, otherwise);
            case SyscallRule.NoneOf(var argument, var values) -> compare(argument, values, Ruling.EPERM, Ruling.ALLOW);
            case SyscallRule.Either(var one, var other) -> {
                var program = new ArrayList<>(compare(one.argument(), one.values(), Ruling.EPERM, Ruling.ALLOW));
                program.removeLast(); // instead of the refusal the other condition
                program.addAll(leaf(other));
                yield program;
            }
        };
    }

    private static List<Instruction> compare(int argument, List<Integer> values, Ruling found, Ruling otherwise) {
        var program = new ArrayList<Instruction>();
        program.add(load(argument));
        for (int i = 0; i < values.size(); i++) {
            program.add(new Instruction(IF_EQUAL, values.size() - i, 0, values.get(i)));
        }
        program.add(answer(otherwise));
        program.add(answer(found));
        return program;
    }

    /** The low half of an argument; both architectures are little-endian. */
    private static Instruction load(int argument) {
        return new Instruction(LOAD_WORD, OFFSET_ARGUMENTS + 8 * argument);
    }

    private static Instruction answer(Ruling verdict) {
        return new Instruction(RETURN, verdict.filterResult());
    }
}
