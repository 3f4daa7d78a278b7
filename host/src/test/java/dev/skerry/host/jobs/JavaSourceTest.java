package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    @Test
    void whatIsNoCodeSaysNothing() {
        assertThat(mainClass("""
            /* package a; class A { static void main(String[] a) {} } */ package/**/b .c;
            // class B {
            class C { String s = "class D { \\" }", t = \"\"\"
                class E { \\\"\"\" } "
                \"\"\"; char c = '"', d = '\\'', e = '{'; }
            class F { void/* */main // "
                (String[] a) {} }
            """)).isEqualTo("b.c.F");
    }

    @Test
    void whatIsNotClosedIsCode() {
        assertThat(mainClass("String s = \"\\\"\nclass A {}")).isEqualTo("A");
        assertThat(mainClass("char c = '\\'class A {}")).isEqualTo("A");
        assertThat(mainClass("\"\"\" class A {}")).isEqualTo("A");
        assertThat(mainClass("package a.b class A {}")).isEqualTo("A");
        assertThat(mainClass("package")).isEqualTo("main");
        assertThat(mainClass("class")).isEqualTo("main");
        assertThat(mainClass("}} class A {")).isEqualTo("main");
    }

    @Test
    void aPublicTypeMayBeOfAnyKind() {
        assertThat(JavaSource.read("class A {} public final strictfp class B {}")
                        .fileStem("main"))
                .isEqualTo("B");
        assertThat(JavaSource.read("public non-sealed interface Größe$1 {}").fileStem("main"))
                .isEqualTo("Größe$1");
        assertThat(JavaSource.read("public @interface A {}").fileStem("main")).isEqualTo("A");
        assertThat(JavaSource.read("interface A { public int class(); }").fileStem("main"))
                .isEqualTo("main");
    }

    private static String mainClass(String text) {
        JavaSource source = JavaSource.read(text);
        return source.mainClass(source.fileStem("main"));
    }

    /** A search that begins anew at each of them takes hours. */
    @ParameterizedTest
    @ValueSource(strings = {"\n", "/* ", "\"", "\"\"\"", "\"\\", "final "})
    void hostileTextTakesNoLongerThanAnyOther(String part) {
        hostile("", part, 8 << 20);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\n",
                "/",
                "/*",
                "/* ",
                "*/",
                "/**/",
                "\"",
                "\"\"\"",
                "\"\"\"\\",
                "\"\\",
                "'\\",
                "\"\\\n",
                "\\",
                "final ",
                "public final ",
                "package ",
                "package a.",
                "a.",
                "class ",
                "class A ",
                "void main ",
                "{",
                "a",
                "\"/*",
                "'\"\"\"/*\\"
            })
    void whereverItStands(String part) {
        hostile("package ", part, 1 << 20);
        hostile("class A { String s = \"", part, 1 << 20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"", "'", "\"\"\""})
    void aLiteralMayBeLong(String quote) {
        String literal = quote + "x\\\"".repeat(1_000_000) + quote;
        assertThat(mainClass("class A {} class B { Object o = " + literal + "; void main() {} }"))
                .isEqualTo("B");
    }

    private static void hostile(String before, String part, int length) {
        String text = before + part.repeat(length / part.length());
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> mainClass(text));
    }
}
