package dev.skerry.server.interpreter;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/** What the server writes to a kernel, as its program reads it. */
final class KernelRequests {
    private static final Pattern SHELL_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private KernelRequests() {}

    /** Asks for a sign of life; answered between cells. A line that was cut off before it is harmless. */
    static byte[] hello(Language language, long id) {
        return (language == Language.BASH
                        ? "\n__skerry_hello " + id + "\n"
                        : "\n{\"op\":\"hello\",\"id\":" + id + "}\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** @param environment for this cell only */
    static byte[] execute(Language language, long id, String code, Map<String, String> environment) {
        if (language == Language.BASH) {
            return bash(id, code, environment).getBytes(StandardCharsets.US_ASCII);
        }
        ObjectNode request = Lines.JSON.createObjectNode();
        request.put("op", "execute");
        request.put("id", id);
        request.put("code", code);
        ObjectNode variables = request.putObject("env");
        environment.forEach(variables::put);
        return Lines.line(request);
    }

    /**
     * Bash goes back to reading lines when it is interrupted, so the line that reports the end is one of its own. Names
     * that a shell cannot have are left out, as every shell does.
     */
    private static String bash(long id, String code, Map<String, String> environment) {
        StringBuilder before = new StringBuilder();
        StringBuilder after = new StringBuilder();
        environment.forEach((name, value) -> {
            if (SHELL_NAME.matcher(name).matches()) {
                before.append("__skerry_export ")
                        .append(name)
                        .append(" '")
                        .append(escaped(value))
                        .append("'\n");
                after.append("__skerry_restore ").append(name).append("; ");
            }
        });
        return "__skerry_start " + id + "\n" + before
                + "printf -v __skerry_code %b '" + escaped(code) + "'\n"
                + "__skerry_enter; eval \"$__skerry_flags$__skerry_code\" </dev/null\n"
                + "{ __skerry_end " + id + " \"$?\"; " + after + "} 2>/dev/null\n";
    }

    /** As printf %b reads it: one line, and nothing in it that a quote could end. */
    private static String escaped(String text) {
        StringBuilder out = new StringBuilder();
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            int c = Byte.toUnsignedInt(one);
            if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' || c == '_' || c == '-' || c == '/') {
                out.append((char) c);
            } else {
                out.append(String.format("\\%04o", c));
            }
        }
        return out.toString();
    }
}
