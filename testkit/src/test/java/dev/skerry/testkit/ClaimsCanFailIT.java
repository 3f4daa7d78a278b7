package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.engine.Engine;
import dev.skerry.wire.Isolation;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A claim that cannot fail shows nothing: each of these holes must be found by the claim beside it. */
class ClaimsCanFailIT {
    private static final Map<String, Consumer<ObjectNode>> HOLES = Map.of(
            "C1", config -> mount(config, "/host", "/var/tmp"),
            "C2", config -> without(config, "network"),
            "C3", ClaimsCanFailIT::hostProcesses,
            "C7", config -> memoryOn(config, "/home/user"),
            "C10", config -> memoryOn(config, "/dev/shm"),
            "C12", config -> config.withObject("annotations").removeAll(),
            "C13", config -> config.withObject("annotations").removeAll());

    @TestFactory
    List<DynamicTest> everyHoleIsFound() {
        return HOLES.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(hole -> dynamicTest(hole.getKey(), () -> isFound(hole.getKey(), hole.getValue())))
                .toList();
    }

    private static void isFound(String id, Consumer<ObjectNode> hole) {
        Driver strong = Drivers.detect(Path.of("/nonexistent")).at(Isolation.CONTAINER);
        Claim claim = Claims.all().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow();
        try (Engine engine = TestEngines.open(new Drivers(List.of(new WeakenedDriver(strong, hole))))) {
            assertThatThrownBy(() -> claim.check(new Arena(engine, Isolation.CONTAINER)))
                    .isInstanceOf(ClaimBroken.class);
        }
    }

    private static void without(ObjectNode config, String namespace) {
        ArrayNode kept = (ArrayNode) config.withObject("linux").get("namespaces");
        for (int i = kept.size() - 1; i >= 0; i--) {
            if (kept.get(i).get("type").asString().equals(namespace)) {
                kept.remove(i);
            }
        }
    }

    private static void hostProcesses(ObjectNode config) {
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

    private static void mount(ObjectNode config, String target, String source) {
        ObjectNode mount = ((ArrayNode) config.get("mounts")).addObject();
        mount.put("destination", target).put("type", "bind").put("source", source);
        mount.putArray("options").add("rbind").add("ro");
    }

    private static void memoryOn(ObjectNode config, String target) {
        ObjectNode mount = ((ArrayNode) config.get("mounts")).addObject();
        mount.put("destination", target).put("type", "tmpfs").put("source", "tmpfs");
        mount.putArray("options").add("mode=1777").add("size=1g");
    }
}
