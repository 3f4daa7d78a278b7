package dev.skerry.server.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;

/** Closes what one client opens beyond its share. */
final class ConnectionBound implements Connection.Listener {
    private final int most;
    private final ConcurrentMap<InetAddress, Integer> open = new ConcurrentHashMap<>();

    /** A closed connection does not know its address any more. */
    private final ConcurrentMap<Connection, InetAddress> owners = new ConcurrentHashMap<>();

    ConnectionBound(int most) {
        this.most = most;
    }

    @Override
    public void onOpened(Connection connection) {
        // What runs inside TLS is not a connection of its own.
        if (connection.getEndPoint() instanceof SslConnection.SslEndPoint
                || !(connection.getEndPoint().getRemoteSocketAddress() instanceof InetSocketAddress remote)) {
            return;
        }
        owners.put(connection, remote.getAddress());
        if (open.merge(remote.getAddress(), 1, Integer::sum) > most) {
            connection.getEndPoint().close();
        }
    }

    @Override
    public void onClosed(Connection connection) {
        InetAddress owner = owners.remove(connection);
        if (owner != null) {
            open.computeIfPresent(owner, (_, count) -> count == 1 ? null : count - 1);
        }
    }
}
