import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a program can find out about the process that it runs in. Nothing here may depend on time or chance. */
public class Main {
    static final long CLASSES = ManagementFactory.getClassLoadingMXBean().getTotalLoadedClassCount();
    static final String THREADS = Thread.getAllStackTraces().keySet().stream()
            .map(thread -> thread.getName() + " " + thread.getPriority() + " " + thread.isDaemon())
            .sorted()
            .collect(Collectors.joining(", "));

    static void show(String name, Object value) {
        System.out.println(name + " = " + value);
    }

    static String text(String path) throws IOException {
        return new String(Files.readAllBytes(Path.of(path)), StandardCharsets.ISO_8859_1).replace('\0', '|');
    }

    static String names(String folder) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(folder))) {
            return files.map(file -> file.getFileName().toString())
                    .sorted()
                    .toList()
                    .toString();
        }
    }

    static String target(Path link) {
        try {
            return link.getFileName() + " "
                    + Files.readSymbolicLink(link)
                            .toString()
                            .replaceFirst(":\\[.*", "")
                            .replaceFirst("/proc/[0-9]+/", "/proc/self/");
        } catch (IOException e) {
            return "";
        }
    }

    public static void main(String[] args) throws Exception {
        show("arguments", Arrays.toString(args));
        new TreeMap<>(System.getProperties()).forEach((name, value) -> show("property " + name, value));
        new TreeMap<>(System.getenv()).forEach((name, value) -> show("variable " + name, value));
        var runtime = ManagementFactory.getRuntimeMXBean();
        show("input arguments", runtime.getInputArguments());
        show("class path", List.of(runtime.getClassPath(), runtime.getLibraryPath(), runtime.getSpecVersion()));
        show("classes at start", CLASSES);
        show("threads at start", THREADS);
        show(
                "collectors",
                ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .map(bean -> bean.getName())
                        .toList());
        show(
                "memory",
                List.of(Runtime.getRuntime().maxMemory(), Runtime.getRuntime().availableProcessors()));
        show("stack", Arrays.toString(Thread.currentThread().getStackTrace()));
        show(
                "thread",
                Thread.currentThread() + " "
                        + Thread.currentThread().getContextClassLoader().getClass());
        show(
                "loader",
                Main.class.getClassLoader().getClass() + " "
                        + Main.class.getProtectionDomain().getCodeSource());
        show("resource", Main.class.getResource("Main.class") + " " + Main.class.getModule() + Main.class.getPackage());
        show("encodings", Charset.defaultCharset() + " " + System.getProperty("stdout.encoding"));
        show("console", System.console());
        var self = ProcessHandle.current().info();
        show("process", List.of(self.command(), Arrays.toString(self.arguments().orElse(null)), self.user()));
        show("parent", ProcessHandle.current().parent().map(parent -> parent.info()
                .command()));
        for (String name : List.of("cmdline", "comm", "limits", "cgroup", "oom_score_adj")) {
            show(name, text("/proc/self/" + name));
        }
        show("environ", new TreeSet<>(List.of(text("/proc/self/environ").split("\\|"))));
        show(
                "status",
                text("/proc/self/status")
                        .lines()
                        .filter(line -> line.matches("(Sig|Shd|Cap|NoNew|Seccomp|Threads|Uid|Gid|Groups).*"))
                        .toList());
        show(
                "maps",
                new TreeSet<>(text("/proc/self/maps")
                        .lines()
                        .filter(line -> line.contains("/") && !line.contains("hsperfdata"))
                        .map(line -> line.substring(line.indexOf('/')))
                        .toList()));
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            show("tasks", tasks.count() - Long.getLong("none", 0));
        }
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            show("descriptors", new TreeSet<>(descriptors.map(Main::target).toList()));
        }
        for (String folder : List.of("/", "/box", "/box/.build", "/dev", "/dev/shm", "/run", "/var/tmp")) {
            show(folder, names(folder));
        }
        var file = Files.readAttributes(Path.of("/box/.build/Main.class"), PosixFileAttributes.class);
        show("file", List.of(file.owner(), file.group(), file.permissions(), file.isRegularFile(), file.size()));
        show("hooks", Map.of("handler", String.valueOf(Thread.getDefaultUncaughtExceptionHandler())));
    }
}
