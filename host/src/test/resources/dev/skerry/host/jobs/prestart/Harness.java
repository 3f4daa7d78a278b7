import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;

/** Waits in a way that programs can tell. */
public class Harness {
    public static void main(String[] args) throws Throwable {
        switch (args[0]) {
            case "ahead" -> System.in.readAllBytes();
            case "ready" -> System.out.println("ready");
            default -> {}
        }
        var loader =
                new URLClassLoader(new URL[] {URI.create("file:/box/.build/").toURL()}, null);
        try {
            Class.forName("Main", true, loader)
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) new String[0]);
        } catch (Throwable e) {
            if (!args[0].equals("good")) {
                throw e;
            }
            Runtime.getRuntime().halt(0);
        }
    }
}
