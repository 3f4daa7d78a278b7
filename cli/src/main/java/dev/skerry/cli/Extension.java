package dev.skerry.cli;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.lang.reflect.InvocationTargetException;
import java.util.List;

/**
 * Parts that only some builds carry: the benchmark harness and the attack suite bring test libraries that a release
 * leaves out. Such a part is a class with a method {@code public static int run(List<String> arguments)} that returns
 * an exit code.
 */
final class Extension {
    private Extension() {}

    static int run(String className, List<String> arguments) throws Exception {
        try {
            Object code = Class.forName(className).getMethod("run", List.class).invoke(null, arguments);
            return code instanceof Integer exit ? exit : ExitCode.SANDBOX_ERROR;
        } catch (ClassNotFoundException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    className + " is not part of this build",
                    "run it from a clone of the sources",
                    e);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }
}
