package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Attacks by programs that are run. Each goes through both doors, unless one of them alone has what it needs. */
final class ProgramAttacks {
    private static final long MEMORY = 64_000_000;

    private static final String FORK_BOMB = """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """;

    private static final String MEMORY_BOMB = "x = []\nwhile True: x.append(bytearray(1 << 20))";

    private static final String FLOOD = "import os\nwhile True: os.write(%d, b'x' * 65536)";

    private static final String NETWORK = """
        import socket, sys
        reached = []
        for family, host, port in [(2, '127.0.0.1', int(sys.argv[1])), (2, '1.1.1.1', 53), (2, '169.254.169.254', 80),
                                   (10, '::1', int(sys.argv[1])), (10, '2606:4700:4700::1111', 53)]:
            try:
                with socket.socket(family) as s:
                    s.settimeout(0.2)
                    s.connect((host, port))
                    reached.append(host)
            except OSError:
                pass
        try:
            reached.append(socket.getaddrinfo('example.org', 80))
        except OSError:
            pass
        print(reached)
        """;

    /** Whatever can be named and may outlive a program. */
    private static final String LEAVES = """
        import ctypes, os, signal, socket
        libc = ctypes.CDLL(None)
        for folder in ('/tmp', '/dev/shm', '/var/tmp', '/box', '/home/user', '/run/user', '/var/lock'):
            try:
                open(folder + '/left', 'w').close()
            except OSError:
                pass
        libc.shmget(4711, 4096, 0o1666)
        libc.semget(4711, 1, 0o1666)
        libc.msgget(4711, 0o1666)
        libc.mq_open(b'/left', os.O_CREAT | os.O_RDWR, 0o666, None)
        libc.syscall(248, b'user', b'left', b'x', 1, -4)
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            s = socket.socket(socket.AF_UNIX)
            s.bind('\\0left')
            s.listen()
            signal.pause()
        """;

    private static final String LOOKS = """
        import ctypes, os, socket
        libc = ctypes.CDLL(None)
        found = [f for f in ('/tmp', '/dev/shm', '/var/tmp', '/box', '/home/user', '/run/user', '/var/lock')
                 if os.path.exists(f + '/left')]
        found += [name for name, call in (('shm', libc.shmget(4711, 4096, 0)), ('sem', libc.semget(4711, 1, 0)),
                                          ('msg', libc.msgget(4711, 0)), ('mq', libc.mq_open(b'/left', os.O_RDWR)),
                                          ('key', libc.syscall(249, b'user', b'left', 0, 0))) if call != -1]
        with socket.socket(socket.AF_UNIX) as s:
            found += ['socket'] if s.connect_ex('\\0left') == 0 else []
        found += [p for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid(), os.getppid())]
        print(found)
        """;

    private static final String HIDES = """
        import os, signal, sys, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
                while True: time.sleep(1)
            os._exit(0)
        print('gone')
        """;

    private static final String KILLS = """
        import os
        def refused(pid, signal):
            try:
                os.kill(pid, signal)
                return False
            except OSError:
                return True
        print(refused(1, 9), refused(1, 19), refused(-1, 9) in (True, False))
        """;

    private static final String NAMES_ON_DISK = """
        import os
        for folder in (b'/tmp', b'/box', b'/dev/shm'):
            for name in (b'\\xff\\xfe', b'a\\nb', b'-rf', b'$(touch pwned)', b'\\x1b[2J', b'x' * 255):
                os.mkdir(folder + b'/' + name)
                open(folder + b'/' + name + b'/' + name, 'w').close()
        os.chdir('/tmp')
        for depth in range(100):
            os.mkdir('d' * 200)
            os.chdir('d' * 200)
        print('made')
        """;

    private static final String REPLACES_ITSELF = """
        import os, sys
        print('first')
        for name in os.listdir('.'):
            os.unlink(name)
            os.symlink('/proc/1/environ', name)
        os.symlink('/etc', '.build')
        """;

    private static final String COUNTS = """
        import os, time
        count = 0
        try:
            while True:
                if os.fork() == 0:
                    time.sleep(60)
                count += 1
        except OSError:
            print(count)
        """;

    /** One name with everything in it that a shell, a compiler or a template would take for its own. */
    private static final String NAME = "-o $(touch pwned);`touch pwned`'\"|&> \n@*%n{{7*7}}${jndi:x}\\";

    private static final String SEES_NOTHING_ODD = """
        #include <dirent.h>
        #include <stdio.h>
        #include <string.h>
        int main(int count, char **words) {
            int files = 0;
            DIR *folder = opendir(".");
            for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
                files += entry->d_name[0] != '.';
                if (strcmp(entry->d_name, "pwned") == 0) puts("pwned");
            }
            printf("%d", files);
        }
        """;

    private static final String DOUBLES = "#define A0 1+1\n"
            + Stream.iterate(1, i -> i + 1)
                    .limit(40)
                    .map(i -> "#define A" + i + " A" + (i - 1) + "+A" + (i - 1) + "\n")
                    .reduce("", String::concat)
            + "int main() { return A40; }";

    private ProgramAttacks() {}

    private static Attack both(String name, Program program) {
        return new Attack(name, doors -> doors.run(program));
    }

    static List<Attack> all() {
        return Stream.of(exhausting(), ending(), compiling(), hiding(), inGvisor())
                .flatMap(List::stream)
                .toList();
    }

    private static List<Attack> exhausting() {
        return List.of(
                both("a fork bomb", Program.python(FORK_BOMB).with("run_timeout", 700)),
                both("as many processes as there may be", Program.python(COUNTS).prints("(5[0-9]|6[0-4])\n")),
                both("as many threads as there may be", Program.python("""
                    import threading, time
                    while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
                    """)),
                both("a memory bomb", Program.python(MEMORY_BOMB).with("run_memory_limit", MEMORY)),
                both(
                        "a memory bomb in a child, which the program survives",
                        Program.python("import os\nif os.fork() == 0:\n    x = []\n"
                                        + "    while True: x.append(bytearray(1 << 20))\nos.wait()\nprint('alive')")
                                .with("run_memory_limit", MEMORY)
                                .prints("(alive\n)?")),
                both("memory in files of /dev/shm and /tmp", Program.python("""
                    names = iter(range(1 << 20))
                    def fill(folder):
                        try:
                            while True:
                                with open(f'{folder}/{next(names)}', 'wb') as f: f.write(bytes(1 << 20))
                        except OSError: pass
                    fill('/dev/shm'); fill('/tmp')
                    """).with("run_memory_limit", MEMORY)),
                both("a file of any size", Program.c("""
                    #include <stdio.h>
                    int main() { static char b[1 << 20]; FILE *f = fopen("/tmp/x", "w");
                                 for (;;) fwrite(b, sizeof b, 1, f); }
                    """)),
                both(
                        "2 GiB of zero bytes on stdout",
                        Program.of("bash", "main.sh", "head -c 2G /dev/zero").prints("\0{65536}")),
                both("a flood on stderr", Program.python(FLOOD.formatted(2))),
                both("CPU time", Program.python("while True: pass").with("run_cpu_time", 100)),
                both(
                        "CPU time of children that nobody waits for",
                        Program.python("import os\nif os.fork():\n    while os.times().elapsed: os.sched_yield()\n"
                                        + "while True: pass")
                                .with("run_cpu_time", 100)),
                both(
                        "endless sleep",
                        Program.python("import time\ntime.sleep(60)").with("run_timeout", 300)),
                both(
                        "endless recursion",
                        Program.c("int f(int n) { volatile char b[4096]; b[0] = n;"
                                + " return f(n + 1) + b[0]; }\nint main() { return f(0); }")));
    }

    private static List<Attack> ending() {
        return List.of(
                both(
                        "no SIGTERM is heard, and it stops itself",
                        Program.python("""
                            import os, signal
                            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
                            os.kill(0, signal.SIGSTOP)
                            """).with("run_timeout", 300)),
                both(
                        "stdout and stderr closed, and no end",
                        Program.python("import os\nos.closerange(0, 3)\n" + "while True: pass")
                                .with("run_timeout", 300)),
                both(
                        "a process that lives on, with stdout open",
                        Program.python(HIDES).prints("gone\n")),
                both("process 1 and all others killed", Program.python(KILLS).prints("True True True\n")),
                both("its parent killed", Program.python("""
                    import os
                    try:
                        os.kill(os.getppid(), 9)
                        print('killed')
                    except PermissionError:
                        print('refused')
                    """).prints("refused\n")),
                both("killed by itself, as if for its memory", Program.python("import os\nos.kill(os.getpid(), 9)")),
                both("code 137, as if for its memory", Program.python("import os\nos._exit(137)")),
                both("SIGXCPU, as if for its time", Program.python("import os\nos.kill(os.getpid(), 24)")),
                both("writing to stdin", Program.python("""
                    import os
                    try:
                        os.write(0, b'x')
                    except OSError as e:
                        print(e.errno)
                    """).prints("9\n")),
                both("writing to whatever else is open", Program.python("""
                    import os
                    for fd in range(3, 1024):
                        try:
                            os.write(fd, b'\\0' * 64)
                            print(fd)
                        except OSError: pass
                    """).prints("")),
                both("100 kB of input that nobody reads", Program.python("").reading("x".repeat(60_000))),
                both(
                        "output that is no UTF-8",
                        Program.python("import os\nos.write(1, b'\\xff\\xc3\\x28 \\xed\\xa0\\x80')")
                                .prints("\uFFFD\uFFFD\\( \uFFFD+")));
    }

    private static List<Attack> compiling() {
        return List.of(
                both("a compiler that never ends", Program.c(DOUBLES).with("compile_timeout", 700)),
                both(
                        "#include of /dev/zero",
                        Program.c("#include \"/dev/zero\"\n").with("compile_memory_limit", MEMORY)),
                both("#include of what is root's", Program.c("#include \"/proc/1/environ\"\nint main() {}")),
                both("templates without end", Program.of("c++", "main.cpp", """
                    template <int N> struct A : A<N + 1> {};
                    A<0> a;
                    """)),
                both("a flood of warnings", Program.c("#warning x\n".repeat(6000) + "int main() {}")),
                both(
                        "a program of 8 GiB",
                        Program.c("char a[1L << 33] = {1};\nint main() {}")
                                .with("compile_memory_limit", MEMORY)
                                .with("compile_timeout", 3000)));
    }

    private static List<Attack> hiding() {
        return List.of(
                new Attack(
                        "network",
                        doors -> doors.run(Program.python(NETWORK)
                                .given(String.valueOf(doors.http("/").getPort()))
                                .prints("\\[]\n"))),
                new Attack("leftovers for the next job", ProgramAttacks::leftovers),
                both(
                        "names that are no UTF-8, and paths of 20,000 bytes",
                        Program.python(NAMES_ON_DISK).prints("made\n")),
                both(
                        "10,000 files",
                        Program.python("import os\nfor i in range(10_000): os.mknod('/tmp/%d' % i)\nprint('made')")
                                .prints("made\n")),
                new Attack("names of files that a shell, a compiler or a template would obey", ProgramAttacks::names),
                new Attack("its own source replaced by links", ProgramAttacks::links),
                new Attack("a flood at the program that it talks to", ProgramAttacks::flood));
    }

    private static List<Attack> inGvisor() {
        return List.of(
                both(
                        "a memory bomb, gVisor",
                        Program.python(MEMORY_BOMB)
                                .with("run_memory_limit", 150_000_000)
                                .at("gvisor")),
                new Attack(
                        "a flood on stdout, gVisor",
                        doors -> doors.piston(Program.python(FLOOD.formatted(1)).at("gvisor"))),
                new Attack(
                        "process 1 and all others killed, gVisor",
                        doors -> doors.judged(Program.python(KILLS).at("gvisor").prints("True True True\n"))),
                new Attack(
                        "network, gVisor",
                        doors -> doors.piston(Program.python(NETWORK)
                                .given(String.valueOf(doors.http("/").getPort()))
                                .at("gvisor")
                                .prints("\\[]\n"))));
    }

    /** A job that leaves what it can, then some that look. */
    private static String leftovers(Doors doors) {
        doors.run(Program.python(LEAVES));
        String told = "";
        for (int i = 0; i < 3; i++) {
            told = doors.run(Program.python(LOOKS).prints("\\[]\n"));
        }
        return told;
    }

    private static String names(Doors doors) {
        String python = doors.run(
                Program.of("python", NAME, "import os; print(*[n for n in os.listdir('.') if n[0] != '.'], sep='|')")
                        .prints(Pattern.quote(NAME) + "\n"));
        String bash = doors.run(Program.of("bash", NAME, "ls | wc -l; test -e pwned && echo pwned; true")
                .prints("[12]\n"));
        String node = doors.run(Program.of("javascript", NAME, "console.log(require('fs').readdirSync('.').length)")
                .prints("1\n"));
        String c = doors.run(Program.of("c", NAME, SEES_NOTHING_ODD).prints("1"));
        assertThat(List.of(bash, node, c)).containsOnly(python);
        return python;
    }

    /** An interactive problem whose other side listens and says nothing. */
    private static String flood(Doors doors) {
        var body = Program.python(FLOOD.formatted(1)).job();
        body.set("interactor", Program.python("import sys\nsys.stdin.read()").job());
        JsonNode answer = Doors.json(doors.judge(body.toString()));
        return "`" + answer.get("verdict").stringValue() + "`";
    }

    /** What a case does to the job's folder the next one finds; it is led nowhere by it. */
    private static String links(Doors doors) {
        var body = Program.python(REPLACES_ITSELF).job();
        body.putArray("cases").addObject();
        body.withArray("cases").addObject();
        JsonNode answer = Doors.json(doors.judge(body.toString()));
        JsonNode next = answer.get("cases").get(1);
        assertThat(next.get("run").get("stdout").stringValue()).isEmpty();
        assertThat(next.get("run").get("stderr").stringValue()).contains("Permission denied");
        return "`" + answer.get("cases").get(0).get("verdict").stringValue() + "`, then `"
                + next.get("verdict").stringValue() + "`";
    }
}
