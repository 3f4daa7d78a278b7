package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.ConnectServer;
import dev.skerry.server.connect.Message;
import dev.skerry.server.connect.Replies;
import dev.skerry.server.connect.RpcError;
import dev.skerry.server.connect.Schema;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestFiles;
import dev.skerry.wire.stream.Watch;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** The calls of {@code filesystem.Filesystem} that tell changes. */
final class WatchService {
    private static final Duration STALL_BOUND = Duration.ofMinutes(1);
    private static final Duration POLL = Duration.ofMinutes(1);
    private static final int MAILBOX_BYTES = 64 << 10;
    private static final int EVENTS_MAX = 10_000;

    private final Schema schema;
    private final Drain drain;

    WatchService(Schema schema, Drain drain) {
        this.schema = schema;
        this.drain = drain;
    }

    void addTo(ConnectServer.Builder<Caller> server) {
        server.serverStream(schema, "/filesystem.Filesystem/WatchDir", this::watch)
                .unary(schema, "/filesystem.Filesystem/CreateWatcher", this::create)
                .unary(schema, "/filesystem.Filesystem/GetWatcherEvents", this::events)
                .unary(schema, "/filesystem.Filesystem/RemoveWatcher", this::remove);
    }

    private static Watchers.Watcher open(Caller caller, Message request) throws InterruptedException {
        Account account = caller.account();
        String path = account.resolve(request.text("path"));
        GuestFiles files = caller.files(account);
        FilesystemService.checkFolder(files, path);
        return new Watchers.Watcher(
                files.watch(path, request.flag("recursive")), path, account, request.flag("include_entry"));
    }

    private void watch(Caller caller, Message request, Replies replies) throws IOException, InterruptedException {
        drain.check();
        long begun = System.nanoTime();
        Watchers.Watcher watcher = open(caller, request);
        Mailbox<Optional<Watch.Change>> changes = new Mailbox<>(MAILBOX_BYTES);
        caller.call().exchange().onGone(() -> changes.cut(WatchService::lost));
        caller.sandbox().streams().endless();
        try (Watch watch = watcher.watch();
                Drain.Entry _ = drain.enter(changes)) {
            Thread.ofVirtual().name("watch").start(() -> collect(watch, changes));
            replies.send(schema.message("WatchDirResponse")
                    .set("start", schema.message("WatchDirResponse.StartEvent"))
                    .build());
            pass(caller, watcher, changes, begun, replies);
        } finally {
            changes.cut(WatchService::lost);
        }
    }

    /** An empty change says that there will be no more. */
    private static void collect(Watch watch, Mailbox<Optional<Watch.Change>> changes) {
        try {
            while (true) {
                Optional<Watch.Change> change = watch.poll(POLL);
                if (change.isPresent()) {
                    if (!changes.offer(change, change.get().path().length(), STALL_BOUND)) {
                        changes.cut(WatchService::lost);
                        return;
                    }
                } else if (watch.ended()) {
                    changes.force(Optional.empty());
                    return;
                }
            }
        } catch (Failure e) {
            changes.close(() -> new Failure(e.code(), e.getMessage(), e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass(
            Caller caller,
            Watchers.Watcher watcher,
            Mailbox<Optional<Watch.Change>> changes,
            long begun,
            Replies replies)
            throws IOException, InterruptedException {
        Optional<Duration> timeout = caller.call().timeout();
        Duration keepalive = caller.keepalive();
        while (true) {
            Optional<Duration> left = timeout.map(bound -> bound.minusNanos(System.nanoTime() - begun));
            if (left.isPresent() && !left.get().isPositive()) {
                throw new RpcError(
                        Code.DEADLINE_EXCEEDED,
                        "the " + timeout.get().toMillis() + " ms of Connect-Timeout-Ms are over");
            }
            Optional<Optional<Watch.Change>> next = changes.poll(
                    left.filter(bound -> bound.compareTo(keepalive) < 0).orElse(keepalive));
            if (next.isEmpty()) {
                if (left.isEmpty() || left.get().compareTo(keepalive) >= 0) {
                    replies.send(schema.message("WatchDirResponse")
                            .set("keepalive", schema.message("WatchDirResponse.KeepAlive"))
                            .build());
                }
            } else if (next.get().isEmpty()) {
                return;
            } else {
                Watch.Change change = next.get().get();
                if (change.kind() == Watch.Kind.OVERFLOW) {
                    throw lost();
                }
                replies.send(schema.message("WatchDirResponse")
                        .set("filesystem", event(caller, watcher, change))
                        .build());
            }
        }
    }

    private static RpcError lost() {
        return new RpcError(
                Code.INTERNAL, "watcher error: more changes than could be kept, some are lost; list the folder anew");
    }

    private Message event(Caller caller, Watchers.Watcher watcher, Watch.Change change) throws InterruptedException {
        Message.Builder event = schema.message("FilesystemEvent").set("name", change.path());
        switch (change.kind()) {
            case CREATE -> event.set("type", 1);
            case WRITE -> event.set("type", 2);
            case REMOVE -> event.set("type", 3);
            case RENAME -> event.set("type", 4);
            case PERMISSIONS -> event.set("type", 5);
            case OVERFLOW -> throw lost();
        }
        boolean there = change.kind() != Watch.Kind.REMOVE && change.kind() != Watch.Kind.RENAME;
        if (watcher.withEntries() && there) {
            new FileEntries(schema, caller.session().accounts(), caller.files(watcher.account()))
                    .atIfThere(watcher.folder() + "/" + change.path())
                    .ifPresent(entry -> event.set("entry", entry));
        }
        return event.build();
    }

    private Message create(Caller caller, Message request) throws InterruptedException {
        Watchers.Watcher watcher = open(caller, request);
        return schema.message("CreateWatcherResponse")
                .set("watcher_id", caller.session().watchers().add(watcher))
                .build();
    }

    private Message events(Caller caller, Message request) throws InterruptedException {
        Watchers.Watcher watcher = caller.session().watchers().get(request.text("watcher_id"));
        Message.Builder answer = schema.message("GetWatcherEventsResponse");
        for (int i = 0; i < EVENTS_MAX; i++) {
            Optional<Watch.Change> change = watcher.watch().poll(Duration.ZERO);
            if (change.isEmpty()) {
                break;
            }
            answer.add("events", event(caller, watcher, change.get()));
        }
        return answer.build();
    }

    private Message remove(Caller caller, Message request) {
        caller.session().watchers().remove(request.text("watcher_id"));
        return schema.message("RemoveWatcherResponse").build();
    }
}
