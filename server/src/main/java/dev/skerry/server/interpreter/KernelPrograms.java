package dev.skerry.server.interpreter;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** How each kernel is started, and what it is told first. Immutable. */
final class KernelPrograms {
    private final String pythonStart = text("bootstrap.py");
    private final String nodeStart = text("bootstrap.js");
    private final String bash = text("bash.sh");
    private final String javascript = text("javascript.js");
    private final String rewriter = text("rewrite.js");
    private final Map<String, String> python = Map.of(
            "skerry_wire", text("wire.py"),
            "skerry_charts", text("charts.py"),
            "skerry_display", text("display.py"),
            "skerry_magics", text("magics.py"),
            "skerry_main", text("python.py"));

    List<String> arguments(Language language) {
        return switch (language) {
            case PYTHON -> List.of("python3", "-c", pythonStart);
            // Node cannot duplicate descriptors, so the shell gives it the private ones.
            case JAVASCRIPT, TYPESCRIPT ->
                List.of(
                        "/bin/sh",
                        "-c",
                        "command -v node >/dev/null || exit 127; exec 7<&0 8>&1 9>&2 </dev/null; exec node -e \"$1\"",
                        "sh",
                        nodeStart);
            case BASH -> List.of("bash", "--noprofile", "--norc", "--noediting", "-i");
        };
    }

    /** The first bytes of its input: the kernel's program itself, so that no file of ours lies in the sandbox. */
    byte[] setup(Language language, String token) {
        if (language == Language.BASH) {
            return ("__skerry_token=" + token + "\n" + bash).getBytes(StandardCharsets.UTF_8);
        }
        ObjectNode setup = Lines.JSON.createObjectNode();
        setup.put("token", token);
        setup.put("language", language.id());
        if (language == Language.PYTHON) {
            var modules = setup.putArray("modules");
            for (String name :
                    List.of("skerry_wire", "skerry_charts", "skerry_display", "skerry_magics", "skerry_main")) {
                modules.addArray().add(name).add(python.get(name));
            }
        } else {
            setup.put("main", javascript);
            setup.put("rewriter", rewriter);
        }
        byte[] json = Lines.JSON.writeValueAsBytes(setup);
        byte[] length = String.format("%010d", json.length).getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[length.length + json.length];
        System.arraycopy(length, 0, all, 0, length.length);
        System.arraycopy(json, 0, all, length.length, json.length);
        return all;
    }

    private static String text(String name) {
        try (InputStream in = KernelPrograms.class.getResourceAsStream("kernels/" + name)) {
            if (in == null) {
                throw new IllegalStateException("kernels/" + name + " is not in this program");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
