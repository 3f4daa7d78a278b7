package dev.skerry.wire.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The files of a job as a caller names them, checked: they stay in its folder and do not contradict each other. */
public final class JobFiles {
    /** Below the job's folder: what the compiler makes. */
    public static final String MADE = ".build";

    static final int COUNT_MAX = 1000;
    static final int DEPTH_MAX = 32;
    static final long BYTES_MAX = 256L << 20;

    private static final int NAME_BYTES_MAX = 1024;
    private static final int PART_BYTES_MAX = 255;

    private JobFiles() {}

    /**
     * With names without empty and {@code .} parts.
     *
     * @throws Failure {@code INVALID_REQUEST}
     */
    public static List<JobFile> checked(List<JobFile> files) {
        if (files.isEmpty()) {
            throw refused("a job needs at least one file");
        }
        if (files.size() > COUNT_MAX) {
            throw refused(files.size() + " files; a job may have " + COUNT_MAX);
        }
        List<JobFile> clean = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<String> folders = new HashSet<>();
        long bytes = 0;
        for (JobFile file : files) {
            List<String> parts = parts(file.name());
            String name = String.join("/", parts);
            if (!names.add(name)) {
                throw refused("two files called '" + name + "'");
            }
            for (int i = 1; i < parts.size(); i++) {
                folders.add(String.join("/", parts.subList(0, i)));
            }
            bytes += file.content().length;
            clean.add(new JobFile(name, file.content()));
        }
        if (bytes > BYTES_MAX) {
            throw refused(bytes + " bytes in files; a job may have " + BYTES_MAX);
        }
        names.stream().filter(folders::contains).findFirst().ifPresent(name -> {
            throw refused("'" + name + "' is a file and a folder");
        });
        return List.copyOf(clean);
    }

    private static List<String> parts(String name) {
        List<String> parts = new ArrayList<>();
        for (String part : name.split("/", -1)) {
            if (part.equals("..")) {
                throw refused("the file name " + shown(name) + " leads outside of the job's folder");
            }
            if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        if (name.startsWith("/")) {
            throw refused("the file name " + shown(name) + " is absolute");
        }
        if (parts.isEmpty() || name.endsWith("/")) {
            throw refused("the file name " + shown(name) + " names no file");
        }
        if (parts.size() > DEPTH_MAX) {
            throw refused("a file " + parts.size() + " folders deep; " + DEPTH_MAX + " are allowed");
        }
        if (name.indexOf('\0') >= 0 || encodedLength(name) > NAME_BYTES_MAX) {
            throw refused("the file name " + shown(name) + " has a NUL, or more than " + NAME_BYTES_MAX + " bytes");
        }
        if (parts.stream().anyMatch(part -> encodedLength(part) > PART_BYTES_MAX)) {
            throw refused("a part of the file name " + shown(name) + " has more than " + PART_BYTES_MAX + " bytes");
        }
        if (parts.getFirst().equals(MADE)) {
            throw refused("the folder '" + MADE + "' is the compiler's");
        }
        return parts;
    }

    private static int encodedLength(String text) {
        try {
            return StandardCharsets.UTF_8
                    .newEncoder()
                    .encode(CharBuffer.wrap(text))
                    .remaining();
        } catch (CharacterCodingException e) {
            throw refused("the file name " + shown(text) + " is not text", e);
        }
    }

    /** Short, and harmless in a log. */
    private static String shown(String name) {
        String start = name.length() > 80 ? name.substring(0, 80) + "…" : name;
        return "'" + start.replaceAll("[\\p{Cntrl}\\p{Cs}]", "?") + "'";
    }

    private static Failure refused(String why) {
        return new Failure(ErrorCode.INVALID_REQUEST, why);
    }

    private static Failure refused(String why, Exception cause) {
        return new Failure(ErrorCode.INVALID_REQUEST, why, cause);
    }
}
