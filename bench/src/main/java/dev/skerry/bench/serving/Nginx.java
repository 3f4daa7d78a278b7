package dev.skerry.bench.serving;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * nginx in the foreground, with a configuration, a log and a process of its own below a folder of the caller. It is
 * what answers behind every proxy, and one of the proxies.
 */
final class Nginx implements AutoCloseable {
    static final Path PROGRAM = Path.of("/usr/sbin/nginx");
    private static final Duration BOUND = Duration.ofSeconds(10);
    private static final int RETRY_MILLIS = 20;

    private final Process process;
    private final int port;

    private Nginx(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** What both kinds begin with. A master that is root would drop its workers to another user. */
    private static String head(String folder, int workers) {
        return """
                %sworker_processes %d;
                daemon off;
                pid FOLDER/nginx.pid;
                error_log FOLDER/error.log;
                events { worker_connections 2048; }
                http {
                    keepalive_requests 100000000;
                    keepalive_timeout 600;
                    client_body_temp_path FOLDER/body;
                    proxy_temp_path FOLDER/proxy;
                    fastcgi_temp_path FOLDER/fastcgi;
                    uwsgi_temp_path FOLDER/uwsgi;
                    scgi_temp_path FOLDER/scgi;
                """.formatted(workers > 1 ? "user root;\n" : "master_process off;\n", workers)
                .replace("FOLDER", folder);
    }

    /** The program behind the proxies: serves the files of a folder. */
    static String upstream(String folder, int port) {
        return head(folder, 1) + """
                    access_log off;
                    sendfile on;
                    server { listen 127.0.0.1:%d; root %s/files; }
                }
                """.formatted(port, folder);
    }

    /** A proxy as one would set it up: a process for each processor, kept connections, a line for each request. */
    private static String proxy(String folder, int port, int upstream) {
        return head(folder, Runtime.getRuntime().availableProcessors()) + """
                    access_log %s/access.log;
                    upstream program { server 127.0.0.1:%d; keepalive 64; keepalive_requests 100000000; }
                    server {
                        listen 127.0.0.1:%d;
                        location / {
                            proxy_pass http://program;
                            proxy_http_version 1.1;
                            proxy_set_header Connection "";
                        }
                    }
                }
                """.formatted(folder, upstream, port);
    }

    /** @param folder with the files to serve in {@code files} */
    static Nginx serving(Path folder) throws IOException, InterruptedException {
        int port = freePort();
        return start(folder, upstream(folder.toString(), port), port);
    }

    static Nginx before(Path folder, Nginx upstream) throws IOException, InterruptedException {
        int port = freePort();
        return start(folder, proxy(folder.toString(), port, upstream.port), port);
    }

    private static Nginx start(Path folder, String configuration, int port) throws IOException, InterruptedException {
        if (!Files.isExecutable(PROGRAM)) {
            throw new Failure(ErrorCode.UNSUPPORTED, "there is no " + PROGRAM, "apt-get install nginx-light");
        }
        Files.createDirectories(folder);
        Path file = folder.resolve("nginx.conf");
        Files.writeString(file, configuration);
        String log = folder.resolve("error.log").toString();
        Process process = new ProcessBuilder(
                        List.of(PROGRAM.toString(), "-e", log, "-p", folder.toString(), "-c", file.toString()))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output.log").toFile())
                .start();
        Nginx nginx = new Nginx(process, port);
        long end = System.nanoTime() + BOUND.toNanos();
        while (!nginx.listens()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                nginx.close();
                throw new IllegalStateException(
                        "nginx does not listen: " + Files.readString(folder.resolve("output.log")));
            }
            Thread.sleep(RETRY_MILLIS);
        }
        return nginx;
    }

    private boolean listens() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    URI origin() {
        return URI.create("http://127.0.0.1:" + port);
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit()
                .completeOnTimeout(process, BOUND.toSeconds(), TimeUnit.SECONDS)
                .join();
        process.destroyForcibly().onExit().join();
    }
}
