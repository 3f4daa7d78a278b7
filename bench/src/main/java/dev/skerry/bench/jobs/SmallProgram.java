package dev.skerry.bench.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A small program, as a job and as a bare command.
 *
 * @param language of the job
 * @param bare with {@code FILE} for the source file
 * @param prints without the last line feed
 * @param waits whether interpreters of its language can wait for it
 */
public record SmallProgram(
        String name, String language, String file, String code, String bare, String prints, boolean waits) {
    private static final String THEN = " && ";

    public static final SmallProgram PYTHON = new SmallProgram(
            "Python hello", "python", "main.py", "print('hello')\n", "/usr/bin/python3 FILE", "hello", true);

    public static final SmallProgram NODE = new SmallProgram(
            "Node hello", "javascript", "main.js", "console.log('hello')\n", "/usr/bin/node FILE", "hello", true);

    public static final SmallProgram C = new SmallProgram(
            "C compile and run",
            "c",
            "main.c",
            "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n",
            "/usr/bin/gcc -std=gnu17 -O2 -o FILE.out FILE -lm && FILE.out",
            "hello",
            false);

    public static final SmallProgram JAVA = new SmallProgram(
            "Java compile and run",
            "java",
            "Main.java",
            "public class Main { public static void main(String[] a) { System.out.println(\"hello\"); } }\n",
            "/usr/bin/javac -encoding UTF-8 -proc:none -d FILE.d FILE"
                    + " && /usr/bin/java -XX:+UseSerialGC -Xshare:auto -cp FILE.d Main",
            "hello",
            true);

    /** What judges are mostly sent. */
    public static final List<SmallProgram> JUDGED = List.of(PYTHON, C, JAVA);

    /** Its command, with the source file in a folder of its own. */
    public String command(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path source = folder.resolve(file);
        Files.writeString(source, code);
        return bare.replace("FILE", source.toString());
    }

    /** Of a {@link #command} that compiles first: what then runs the program. */
    public static Optional<String> running(String command) {
        int compiled = command.indexOf(THEN);
        return compiled < 0 ? Optional.empty() : Optional.of(command.substring(compiled + THEN.length()));
    }

    /** Those of these that this machine has. */
    public static List<SmallProgram> here(List<SmallProgram> programs) {
        return programs.stream()
                .filter(each -> Files.isExecutable(
                        Path.of(each.bare().substring(0, each.bare().indexOf(' ')))))
                .toList();
    }
}
