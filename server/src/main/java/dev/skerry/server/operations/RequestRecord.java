package dev.skerry.server.operations;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.logging.LaterRecord;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/** That a request was answered. Its text is put together when it is written. */
final class RequestRecord extends LogRecord implements LaterRecord {
    static final String LOGGER = RequestLog.class.getName();
    private static final long serialVersionUID = 1L;

    private final String request;
    private final String method;
    private final String path;
    private final int status;
    private final long millis;
    private final String tenant;
    private final boolean whole;
    private final String floor;

    RequestRecord(Level level, Exchange exchange, int status, long millis, String tenant, boolean whole) {
        super(level, "");
        this.request = exchange.requestId();
        this.method = exchange.method();
        this.path = exchange.rawPath();
        this.status = status;
        this.millis = millis;
        this.tenant = tenant;
        this.whole = whole;
        this.floor = RequestFacts.floor(exchange);
        setLoggerName(LOGGER);
        setSourceClassName(LOGGER); // otherwise who asks for it looks at the stack for who has called
    }

    /** As SLF4J's binding would write it, pairs first. */
    @Override
    public String getMessage() {
        return "request=" + request + " method=" + RequestFacts.word(method) + " path=" + RequestFacts.shown(path)
                + " status=" + status + " millis=" + millis + " tenant=" + tenant
                + floor
                + (whole ? " answered" : " broken off");
    }
}
