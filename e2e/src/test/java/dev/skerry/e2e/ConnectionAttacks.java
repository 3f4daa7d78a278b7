package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** Attacks by connections that say nothing, too little or too much. */
final class ConnectionAttacks {
    private static final int SLOW = 400;
    private static final int SOCKETS_MAX = 1000;
    private static final int MESSAGES = 4000;
    private static final Duration BOUND = Duration.ofSeconds(30);

    private ConnectionAttacks() {}

    static List<Attack> all() {
        return List.of(
                new Attack("400 requests that never become whole", ConnectionAttacks::slow),
                new Attack("WebSockets that say nothing, as many as can be opened", ConnectionAttacks::silent),
                new Attack("a WebSocket that types 4 MB which nobody reads", ConnectionAttacks::typing),
                new Attack("a WebSocket that sends 4,000 signals", ConnectionAttacks::signals));
    }

    /** What is heard of a WebSocket. */
    private static final class Heard implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();
        private final List<JsonNode> messages = new ArrayList<>();
        private final CompletableFuture<String> closed = new CompletableFuture<>();

        @Override
        public synchronized CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                messages.add(Doors.JSON.readTree(text.toString()));
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code + " `" + reason + "`");
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }

        String close() throws Exception {
            return closed.get(BOUND.toMillis(), TimeUnit.MILLISECONDS);
        }

        synchronized JsonNode exit() {
            return messages.stream()
                    .filter(message -> message.get("type").stringValue().equals("exit"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no exit in " + messages));
        }
    }

    private static WebSocket open(Doors doors, Heard heard) throws Exception {
        URI to = URI.create(doors.piston("/connect").toString().replaceFirst("http", "ws"));
        return doors.client().newWebSocketBuilder().buildAsync(to, heard).get();
    }

    private static String slow(Doors doors) throws Exception {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < SLOW; i++) {
                open.add(begun(doors, i % 2 == 0 ? "X-Slow: 1" : "Content-Length: 9999\r\n\r\n{"));
            }
            String told = doors.run(Program.python("print(1)").prints("1\n"));
            for (Socket socket : open) {
                socket.getOutputStream().write('x');
            }
            return told + " for others";
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    private static Socket begun(Doors doors, String rest) throws IOException {
        URI to = doors.piston("/execute");
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), to.getPort());
        String head = "POST " + to.getPath() + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + rest;
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static String silent(Doors doors) throws Exception {
        List<Heard> open = new ArrayList<>();
        for (int i = 0; i < SOCKETS_MAX; i++) {
            Heard heard = new Heard();
            try {
                open(doors, heard);
                open.add(heard);
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(WebSocketHandshakeException.class);
                int status = ((WebSocketHandshakeException) e.getCause())
                        .getResponse()
                        .statusCode();
                String told = open.getFirst().close();
                for (Heard one : open) {
                    assertThat(one.close()).isEqualTo(told);
                }
                return "close " + told + "; beyond the tenant's share " + status;
            }
        }
        throw new AssertionError(SOCKETS_MAX + " could be opened");
    }

    private static void init(WebSocket socket, Program program) {
        socket.sendText(program.piston().put("type", "init").toString(), true).join();
    }

    private static String typing(Doors doors) throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open(doors, heard);
        init(socket, Program.python("import time\ntime.sleep(60)").with("run_timeout", 800));
        String message = "{\"type\":\"data\",\"stream\":\"stdin\",\"data\":\"" + "x".repeat(1000) + "\"}";
        CompletableFuture<WebSocket> sent = CompletableFuture.completedFuture(socket);
        for (int i = 0; i < MESSAGES; i++) {
            sent = sent.thenCompose(to -> to.sendText(message, true));
        }
        String told = heard.close();
        sent.cancel(true);
        return Doors.told(heard.exit()) + "; close " + told;
    }

    private static String signals(Doors doors) throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open(doors, heard);
        init(socket, Program.python("import time\ntime.sleep(60)").with("run_timeout", 800));
        CompletableFuture<WebSocket> sent = CompletableFuture.completedFuture(socket);
        for (int i = 0; i < MESSAGES; i++) {
            sent = sent.thenCompose(to -> to.sendText("{\"type\":\"signal\",\"signal\":\"SIGCHLD\"}", true));
        }
        String told = heard.close();
        sent.cancel(true);
        return Doors.told(heard.exit()) + "; close " + told;
    }
}
