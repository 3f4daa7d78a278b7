package dev.skerry.host.templates;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The part of {@code base} that is written rather than shown: the skeleton and {@code /etc}. Nothing here comes from
 * the host.
 */
final class BaseEtc {
    private BaseEtc() {}

    /**
     * What {@code /etc} may show of the host, if it is exactly as its package shipped it. Files and folders; nothing
     * else.
     */
    private static final Pattern WANTED = Pattern.compile("etc/("
            + "(debian_version|os-release|lsb-release|mime\\.types|protocols|services|rpc|ethertypes|netconfig"
            + "|host\\.conf|gai\\.conf|magic|magic\\.mime|inputrc|locale\\.alias|login\\.defs"
            + "|ld\\.so\\.conf|matplotlibrc|ssl/openssl\\.cnf)"
            + "|(ld\\.so\\.conf\\.d|java-[0-9]+-openjdk|perl|python[0-9.]*|fonts|terminfo|vim|gprofng\\.rc|R|ghc|erlang"
            + "|mono|octave|lua|irb|ImageMagick-[0-9]+|OpenCL|gimp|maven|texmf|nanorc)(/.+)?"
            + "|php/[0-9.]+/(cli|mods-available)(/.+)?"
            + ")");

    /** Path to permissions; owned by root. */
    static final Map<String, Integer> FOLDERS = Map.ofEntries(
            Map.entry("etc", 0755),
            Map.entry("etc/alternatives", 0755),
            Map.entry("etc/profile.d", 0755),
            Map.entry("etc/ssl", 0755),
            Map.entry("etc/ssl/certs", 0755),
            Map.entry("etc/ssl/certs/java", 0755),
            Map.entry("dev", 0755),
            Map.entry("home", 0755),
            Map.entry("home/user", 0755),
            Map.entry("media", 0755),
            Map.entry("mnt", 0755),
            Map.entry("opt", 0755),
            Map.entry("proc", 0555),
            Map.entry("root", 0700),
            Map.entry("run", 0755),
            Map.entry("run/lock", 01777),
            Map.entry("srv", 0755),
            Map.entry("sys", 0555),
            Map.entry("tmp", 01777),
            Map.entry("usr", 0755),
            Map.entry("usr/local", 0755),
            Map.entry("usr/local/bin", 0755),
            Map.entry("usr/local/lib", 0755),
            Map.entry("usr/local/sbin", 0755),
            Map.entry("usr/local/share", 0755),
            Map.entry("var", 0755),
            Map.entry("var/cache", 0755),
            Map.entry("var/lib", 0755),
            Map.entry("var/log", 0755),
            Map.entry("var/spool", 0755),
            Map.entry("var/tmp", 01777));

    static final Map<String, String> LINKS = Map.of(
            "var/run", "/run",
            "var/lock", "/run/lock",
            "etc/mtab", "/proc/mounts",
            "etc/localtime", "/usr/share/zoneinfo/Etc/UTC");

    private static final String BASHRC = """
            case $- in *i*) ;; *) return ;; esac
            PS1='\\u@\\h:\\w\\$ '
            alias ls='ls --color=auto'
            """;

    static final Map<String, String> FILES = Map.ofEntries(
            Map.entry("etc/passwd", """
                    root:x:0:0:root:/root:/bin/bash
                    daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
                    bin:x:2:2:bin:/bin:/usr/sbin/nologin
                    sys:x:3:3:sys:/dev:/usr/sbin/nologin
                    man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
                    mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
                    www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
                    user:x:1000:1000:user:/home/user:/bin/bash
                    nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
                    """),
            Map.entry("etc/group", """
                    root:x:0:
                    daemon:x:1:
                    bin:x:2:
                    sys:x:3:
                    adm:x:4:
                    tty:x:5:
                    disk:x:6:
                    mail:x:8:
                    man:x:12:
                    sudo:x:27:
                    www-data:x:33:
                    shadow:x:42:
                    utmp:x:43:
                    staff:x:50:
                    users:x:100:
                    user:x:1000:
                    nogroup:x:65534:
                    """),
            Map.entry(
                    "etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 sandbox\n"),
            Map.entry("etc/hostname", "sandbox\n"),
            Map.entry("etc/resolv.conf", ""),
            Map.entry("etc/nsswitch.conf", """
                    passwd: files
                    group: files
                    shadow: files
                    hosts: files dns
                    networks: files
                    protocols: files
                    services: files
                    ethers: files
                    rpc: files
                    """),
            Map.entry("etc/profile", """
                    if [ "$(id -u)" -eq 0 ]; then
                      PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                    else
                      PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
                    fi
                    export PATH
                    if [ -n "$BASH" ] && [ "$BASH" != /bin/sh ] && [ -f /etc/bash.bashrc ]; then . /etc/bash.bashrc; fi
                    for file in /etc/profile.d/*.sh; do if [ -r "$file" ]; then . "$file"; fi; done
                    unset file
                    """),
            Map.entry("etc/bash.bashrc", BASHRC),
            Map.entry("etc/environment", ""),
            Map.entry("etc/fstab", ""),
            Map.entry("etc/timezone", "Etc/UTC\n"),
            Map.entry("etc/shells", "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/dash\n/usr/bin/dash\n"),
            Map.entry("root/.bashrc", BASHRC),
            Map.entry("home/user/.bashrc", BASHRC),
            Map.entry("home/user/.profile", "if [ -n \"$BASH_VERSION\" ] && [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n"));

    /** What belongs to {@code user} (1000). */
    static final List<String> OF_USER = List.of("home/user", "home/user/.bashrc", "home/user/.profile");

    static boolean wanted(String path) {
        return WANTED.matcher(path).matches();
    }

    static TemplateDefaults defaults() {
        return new TemplateDefaults(
                "user", "/home/user", List.of(TemplateDefaults.PATH, "LANG=C.UTF-8"), List.of("/bin/bash"));
    }
}
