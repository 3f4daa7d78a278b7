package dev.skerry.host.uids;
import java.util.Map;
public final class UidRanges {
    private long next = 0x70000000L;
    private final Map<String, Range> claims = new java.util.concurrent.ConcurrentHashMap<>();
    public record Range(long base) {}
    public static UidRanges open() { return new UidRanges(); }
    public synchronized Range claim(String owner) { next += 65536; var r = new Range(next); claims.put(owner, r); return r; }
    public void release(String owner) { claims.remove(owner); }
    public Map<String, Range> claims() { return claims; }
}
