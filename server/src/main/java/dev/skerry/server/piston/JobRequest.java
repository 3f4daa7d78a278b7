package dev.skerry.server.piston;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobFiles;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * A request to run something, read and checked in Piston's order and words.
 *
 * @param files the main file first, the others in the order of the request
 * @param stdin empty: there was none
 */
record JobRequest(
        LanguageRuntime runtime,
        List<JobFile> files,
        Optional<String> stdin,
        List<String> arguments,
        StageLimits compile,
        StageLimits run,
        Wishes wishes) {
    private static final String UTF8 = "utf8";

    /** Runs whatever it is given, of any encoding. */
    private static final String FILE_LANGUAGE = "file";

    JobRequest {
        files = List.copyOf(files);
        arguments = List.copyOf(arguments);
    }

    /**
     * Reads one.
     *
     * @param asking whether there may be runtimes that are not known yet
     * @param limits of a language
     * @throws Failure {@code INVALID_REQUEST}; {@code NO_CAPACITY} for what may be known later
     */
    static JobRequest read(
            JsonNode body, Runtimes runtimes, BooleanSupplier asking, Function<String, LimitTable> limits) {
        String language = string(body, "language");
        String version = string(body, "version");
        JsonNode files = body.get("files");
        if (files == null || !files.isArray()) {
            throw refused("files is required as an array");
        }
        for (int i = 0; i < files.size(); i++) {
            JsonNode content = files.get(i).get("content");
            if (content == null || !content.isString()) {
                throw refused("files[" + i + "].content is required as a string");
            }
        }
        Wishes wishes = Wishes.read(body.get("skerry"));
        LanguageRuntime runtime = wishes.template()
                .map(runtimes::of)
                .orElse(runtimes)
                .find(language, version)
                .orElseThrow(() -> asking.getAsBoolean()
                        ? unknownYet(language + "-" + version)
                        : unknown(language + "-" + version, wishes));
        boolean anyText = files.valueStream()
                .map(file -> file.get("encoding"))
                .anyMatch(encoding -> Js.falsy(encoding)
                        || (encoding.isString() && encoding.stringValue().equals(UTF8)));
        if (!anyText && !runtime.language().equals(FILE_LANGUAGE)) {
            throw refused("files must include at least one utf8 encoded file");
        }
        LimitTable table = limits.apply(runtime.language());
        table.check(body);
        return new JobRequest(
                runtime,
                JobFiles.checked(files(files, runtime.language().equals(FILE_LANGUAGE))),
                stdin(body),
                arguments(body),
                table.compile(body),
                table.run(body),
                wishes);
    }

    private static String string(JsonNode body, String name) {
        JsonNode value = body.get(name);
        if (Js.falsy(value) || !value.isString()) {
            throw refused(name + " is required as a string");
        }
        return value.stringValue();
    }

    private static Failure refused(String message) {
        return new Failure(ErrorCode.INVALID_REQUEST, message);
    }

    private static Failure unknownYet(String asked) {
        return new Failure(
                ErrorCode.NO_CAPACITY,
                asked + " runtime is not known yet: templates are still being asked which languages they have",
                "try again in a moment");
    }

    private static Failure unknown(String asked, Wishes wishes) {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                asked + " runtime is unknown",
                wishes.template()
                        .map(name -> "GET /api/v2/runtimes says what the template '" + name + "' has")
                        .orElse("GET /api/v2/runtimes lists those there are"));
    }

    /** A newline ends it, as Piston makes it. */
    private static Optional<String> stdin(JsonNode body) {
        JsonNode value = body.get("stdin");
        if (Js.absent(value)) {
            return Optional.empty();
        }
        if (!value.isString()) {
            throw refused("stdin must be a string");
        }
        return Optional.of(value.stringValue());
    }

    static String withNewline(String stdin) {
        return stdin.endsWith("\n") ? stdin : stdin + "\n";
    }

    private static List<String> arguments(JsonNode body) {
        JsonNode value = body.get("args");
        if (Js.absent(value)) {
            return List.of();
        }
        List<String> arguments = Js.spread(value).orElseThrow(() -> refused("args must be an array"));
        if (arguments.stream().anyMatch(argument -> argument.indexOf('\0') >= 0)) {
            throw refused("args must not have a NUL in them");
        }
        return arguments;
    }

    private static List<JobFile> files(JsonNode nodes, boolean anyIsMain) {
        List<JobFile> files = new ArrayList<>();
        int main = -1;
        for (int i = 0; i < nodes.size(); i++) {
            JsonNode node = nodes.get(i);
            String encoding = Js.text(node.get("encoding"));
            boolean binary = encoding.equals("base64") || encoding.equals("hex");
            JobFile file =
                    new JobFile(name(node, i), content(node.get("content").stringValue(), encoding));
            if (main < 0 && (anyIsMain || !binary)) {
                main = i;
                files.addFirst(file);
            } else {
                files.add(file);
            }
        }
        return files;
    }

    private static String name(JsonNode node, int index) {
        JsonNode name = node.get("name");
        if (Js.falsy(name)) {
            return "file" + index + ".code";
        }
        if (!name.isString()) {
            throw refused("files[" + index + "].name must be a string");
        }
        return FileNames.inside(name.stringValue(), index);
    }

    private static byte[] content(String text, String encoding) {
        return switch (encoding) {
            case "base64" -> Js.base64(text);
            case "hex" -> Js.hex(text);
            default -> Js.utf8(text);
        };
    }
}
