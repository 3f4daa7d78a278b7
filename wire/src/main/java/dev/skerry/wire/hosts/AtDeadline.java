package dev.skerry.wire.hosts;

/** What a host does with a sandbox at its deadline when nobody else has. The order is that of docs/protocol.md. */
public enum AtDeadline {
    KILL,
    FREEZE
}
