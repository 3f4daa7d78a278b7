package dev.skerry.host.jobs.prestart;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skerry.host.jobs.Language;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Puts one program after the other in place, what must be compiled as classes. */
final class Placing {
    private static final String BUILD = ".build/";
    private static final String HARNESS = "Harness";

    private final Rig rig;
    private final Set<String> placed = new HashSet<>();

    Placing(Rig rig) {
        this.rig = rig;
        if (rig.prestart.language() == Language.JAVA) {
            classes(HARNESS, Program.read("Harness.java"));
        }
    }

    /** Takes the last one away. */
    void clear() throws InterruptedException {
        for (String old : placed) {
            rig.sandbox.sandbox().guest().files().remove(Rig.FOLDER + "/" + old, false);
        }
        placed.clear();
    }

    void put(Program program) throws InterruptedException {
        if (rig.prestart.language() != Language.JAVA) {
            rig.put(rig.prestart.language().fileName(), program.text());
            placed.add(rig.prestart.language().fileName());
            return;
        }
        clear();
        classes("Main", program.text()).forEach(name -> placed.add(BUILD + name));
    }

    private Set<String> classes(String name, byte[] text) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try {
            Path out = Files.createTempDirectory("prestart");
            var options = List.of("--release", "17", "-proc:none", "-nowarn", "-Xlint:none", "-d", out.toString());
            boolean compiled = compiler.getTask(null, null, null, options, null, List.of(source(name, text)))
                    .call();
            if (!compiled) {
                throw new IllegalArgumentException(name + " does not compile");
            }
            Set<String> names = new HashSet<>();
            try (Stream<Path> files = Files.list(out)) {
                for (Path file : files.toList()) {
                    names.add(file.getFileName().toString());
                    rig.put(BUILD + file.getFileName(), Files.readAllBytes(file));
                    Files.delete(file);
                }
            }
            Files.delete(out);
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JavaFileObject source(String name, byte[] text) {
        return new SimpleJavaFileObject(URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return new String(text, UTF_8);
            }
        };
    }
}
