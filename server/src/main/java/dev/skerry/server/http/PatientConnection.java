package dev.skerry.server.http;

import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * HTTP/1.1 with an end to its patience: Jetty's idle bound begins anew with each byte, so a client that sends one byte
 * now and then would keep a connection for hours before it has asked for anything.
 */
final class PatientConnection extends HttpConnection {
    private final long headerNanos;

    private PatientConnection(HttpConfiguration configuration, Connector connector, EndPoint endPoint, long nanos) {
        super(configuration, connector, endPoint);
        this.headerNanos = nanos;
    }

    @Override
    public void onFillable() {
        HttpParser parser = getParser();
        if (parser.inHeaderState()
                && !parser.isStart()
                && System.nanoTime() - parser.getBeginNanoTime() > headerNanos) {
            getEndPoint().close(new TimeoutException("a request's header that does not end"));
            return;
        }
        super.onFillable();
    }

    /** Makes them. */
    static final class Factory extends HttpConnectionFactory {
        private final long headerNanos;

        Factory(HttpConfiguration configuration, HttpBounds bounds) {
            super(configuration);
            this.headerNanos = bounds.headerTime().toNanos();
        }

        @Override
        public org.eclipse.jetty.io.Connection newConnection(Connector connector, EndPoint endPoint) {
            HttpConnection connection = new PatientConnection(getHttpConfiguration(), connector, endPoint, headerNanos);
            connection.setTransferEncodingChunkMaxLength(getTransferEncodingChunkMaxLength());
            return configure(connection, connector, endPoint);
        }
    }
}
