package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JavaSourceTest {
    @Test
    void thePublicClassNamesTheFile() {
        var source = JavaSource.read("public class Hello { public static void main(String[] a) {} }");
        assertThat(source.fileStem("main")).isEqualTo("Hello");
        assertThat(source.mainClass("Hello")).isEqualTo("Hello");
    }

    @Test
    void theClassWithMainIsStartedWhereverItStands() {
        var source = JavaSource.read("""
                package a.b;
                // class Comment { void main() {} }
                record Point(int x, int y) { String text() { return "class X { void main(String[] a) {} }"; } }
                final class App { static class Inner {} static void main(String[] a) { { } } }
                """);
        assertThat(source.fileStem("main")).isEqualTo("main");
        assertThat(source.mainClass("main")).isEqualTo("a.b.App");
    }

    @Test
    void aMainWithoutClassBelongsToTheFile() {
        assertThat(JavaSource.read("void main() { System.out.println(1); }").mainClass("hello"))
                .isEqualTo("hello");
    }

    @Test
    void whatHasNoMainIsStartedByItsFirstType() {
        assertThat(JavaSource.read("enum Colour { RED }").mainClass("main")).isEqualTo("Colour");
        assertThat(JavaSource.read("").mainClass("main")).isEqualTo("main");
        assertThat(JavaSource.read("/* never closed class A { \" ' ").mainClass("main"))
                .isEqualTo("A");
    }
}
