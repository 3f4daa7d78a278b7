package dev.skerry.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;

/**
 * Runs at build time and rewrites libraries that were compiled for Java 5, as picocli is: the JVM's AOT cache takes no
 * class of a format older than 50, nor any class that implements an interface of one, which left out all that parses a
 * command line and made every start 0.2 s longer. Only the format changes: the version and the stack maps that it asks
 * for are new, the code is the same.
 */
final class OldClasses {
    private static final int OLDEST_CACHED = ClassFile.JAVA_6_VERSION;

    private OldClasses() {}

    /** Rewrites, in place, those jars of a folder that need it. */
    public static void main(String[] arguments) throws IOException {
        List<Path> jars;
        try (var entries = Files.list(Path.of(arguments[0]))) {
            jars = entries.filter(path -> path.toString().endsWith(".jar")).toList();
        }
        for (Path jar : jars) {
            if (hasOldClass(jar)) {
                rewrite(jar);
            }
        }
    }

    private static boolean isClass(ZipEntry entry) {
        return entry.getName().endsWith(".class") && !entry.getName().startsWith("META-INF/");
    }

    private static boolean hasOldClass(Path jar) throws IOException {
        try (var in = new JarFile(jar.toFile())) {
            for (JarEntry entry : in.stream().filter(OldClasses::isClass).toList()) {
                try (var content = in.getInputStream(entry)) {
                    byte[] head = content.readNBytes(8); // magic, minor, major (JVMS 4.1)
                    if (head.length == 8 && Byte.toUnsignedInt(head[7]) < OLDEST_CACHED && head[6] == 0) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    private static void rewrite(Path jar) throws IOException {
        Path fresh = jar.resolveSibling(jar.getFileName() + ".new");
        try (var loader = new URLClassLoader(new URL[] {jarUrl(jar)}, ClassLoader.getPlatformClassLoader());
                var in = new JarFile(jar.toFile());
                OutputStream file = Files.newOutputStream(fresh);
                var out = new JarOutputStream(file)) {
            ClassFile format = ClassFile.of(
                    StackMapsOption.GENERATE_STACK_MAPS,
                    ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)));
            for (JarEntry entry : in.stream().toList()) {
                try (var content = in.getInputStream(entry)) {
                    byte[] bytes = content.readAllBytes();
                    out.putNextEntry(new ZipEntry(entry.getName()));
                    out.write(isClass(entry) ? newer(format, bytes) : bytes);
                    out.closeEntry();
                }
            }
        }
        Files.move(fresh, jar, StandardCopyOption.REPLACE_EXISTING);
    }

    private static URL jarUrl(Path jar) throws IOException {
        URI uri = jar.toUri();
        return uri.toURL();
    }

    private static byte[] newer(ClassFile format, byte[] bytes) {
        ClassModel old = format.parse(bytes);
        if (old.majorVersion() >= OLDEST_CACHED) {
            return bytes;
        }
        // Passing each instruction on makes the library write the method anew, with stack maps; as a whole it would be
        // copied.
        ClassTransform change = (builder, element) -> {
            switch (element) {
                case ClassFileVersion _ -> builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
                case MethodModel method ->
                    builder.transformMethod(method, MethodTransform.transformingCode(CodeBuilder::with));
                default -> builder.with(element);
            }
        };
        return format.transformClass(old, change);
    }
}
