package dev.skerry.bench.judging;

import java.util.List;

/**
 * A program that is measured, and how a bare process does the same.
 *
 * @param source what is sent as the main file, and written next to each other for bare processes
 * @param bare commands, one after the other, in the folder of the source; the last one prints {@value #HELLO}
 */
record Program(String title, String language, String fileName, String source, List<List<String>> bare) {
    static final String HELLO = "hello, world\n";

    static final Program PYTHON = new Program(
            "Python hello",
            "python",
            "main.py",
            "print('hello, world')\n",
            List.of(List.of("/usr/bin/python3", "main.py")));

    static final Program C = new Program(
            "C hello, compile and run",
            "c",
            "main.c",
            "#include <stdio.h>\nint main(void) { puts(\"hello, world\"); return 0; }\n",
            List.of(List.of("/usr/bin/gcc", "-std=gnu17", "-O2", "-o", "main", "main.c", "-lm"), List.of("./main")));

    static final Program JAVA = new Program(
            "Java hello, compile and run",
            "java",
            "Main.java",
            "class Main { public static void main(String[] a) { System.out.println(\"hello, world\"); } }\n",
            List.of(
                    List.of("/usr/bin/javac", "-encoding", "UTF-8", "-proc:none", "-d", ".", "Main.java"),
                    List.of("/usr/bin/java", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", ".", "Main")));

    static final List<Program> ALL = List.of(PYTHON, C, JAVA);
}
