package dev.skerry.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** {@code skerry version}. Starts no process; {@code skerry doctor} names the runtimes' versions. */
@Command(
        name = "version",
        description = "Prints the versions of Skerry, the JVM and the kernel.",
        mixinStandardHelpOptions = true)
final class VersionCommand implements Callable<Integer> {
    private final Context context;

    VersionCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        context.print(String.join("\n", new Versions().getVersion()));
        return ExitCode.OK;
    }

    /** Ours and what it runs on. */
    static final class Versions implements IVersionProvider {
        static String own() {
            return Optional.ofNullable(Versions.class.getPackage().getImplementationVersion())
                    .orElse("(from class files)");
        }

        @Override
        public String[] getVersion() {
            return new String[] {
                "skerry " + own(),
                "java " + Runtime.version() + " (" + System.getProperty("java.vendor") + ")",
                "linux " + System.getProperty("os.version") + " " + System.getProperty("os.arch")
            };
        }
    }
}
