package dev.skerry.host.templates;

import java.util.List;

/**
 * What a process in a sandbox of this template gets when the request does not say otherwise.
 *
 * @param user as the image says it: a name or a number, optionally {@code :group}; never empty
 * @param workdir absolute path inside; it may be missing in the tree
 * @param environment {@code NAME=value} entries, PATH always among them
 * @param command program and arguments (of an image: entry point followed by its arguments); may be empty
 */
public record TemplateDefaults(String user, String workdir, List<String> environment, List<String> command) {
    static final String PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public TemplateDefaults {
        environment = List.copyOf(environment);
        command = List.copyOf(command);
        if (user.isEmpty()) {
            throw new IllegalArgumentException("a template's user is empty");
        }
        if (!workdir.startsWith("/")) {
            throw new IllegalArgumentException("a template's working folder is not absolute: " + workdir);
        }
    }
}
