package dev.skerry.testkit;

import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Holes in a bundle's config.json (OCI runtime specification). */
final class Bundles {
    private Bundles() {}

    static void noFilter(ObjectNode config) {
        config.withObject("annotations").removeAll();
    }

    static void without(ObjectNode config, String namespace) {
        ArrayNode kept = (ArrayNode) config.withObject("linux").get("namespaces");
        for (int i = kept.size() - 1; i >= 0; i--) {
            if (kept.get(i).get("type").asString().equals(namespace)) {
                kept.remove(i);
            }
        }
    }

    static void hostProcesses(ObjectNode config) {
        ((ArrayNode) config.get("mounts")).forEach(each -> {
            if (each.get("destination").asString().equals("/proc")) {
                ((ObjectNode) each)
                        .put("type", "bind")
                        .put("source", "/proc")
                        .putArray("options")
                        .add("rbind");
            }
        });
    }

    static void mount(ObjectNode config, String target, String source) {
        add(config, target, "bind", source, List.of("rbind", "ro"));
    }

    static void memoryOn(ObjectNode config, String target) {
        add(config, target, "tmpfs", "tmpfs", List.of("mode=1777", "size=1g"));
    }

    private static void add(ObjectNode config, String target, String type, String source, List<String> options) {
        ObjectNode mount = ((ArrayNode) config.get("mounts")).addObject();
        mount.put("destination", target).put("type", type).put("source", source);
        options.forEach(mount.putArray("options")::add);
    }

    static void limit(ObjectNode config, String resource, long value) {
        config.get("process").get("rlimits").forEach(limit -> {
            if (limit.get("type").asString().equals(resource)) {
                ((ObjectNode) limit).put("soft", value).put("hard", value);
            }
        });
    }

    static void variable(ObjectNode config, String variable) {
        ((ArrayNode) config.get("process").get("env")).add(variable);
    }
}
