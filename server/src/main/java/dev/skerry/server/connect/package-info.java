/**
 * A server of the Connect protocol (connectrpc.com/docs/protocol): {@link dev.skerry.server.connect.Schema} reads
 * what a service is from its {@code .proto}, {@link dev.skerry.server.connect.ConnectServer} answers its calls, in
 * JSON and in binary, over {@link dev.skerry.server.http.Exchange}. Messages are never compressed.
 */
@NullMarked
package dev.skerry.server.connect;

import org.jspecify.annotations.NullMarked;
