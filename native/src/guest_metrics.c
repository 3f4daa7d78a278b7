// METRICS: what the sandbox sees of itself. Informative: hosts trust only their cgroups.
#define _GNU_SOURCE
#include "guest_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool read_text(const char *path, char *out, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    ssize_t length = read(fd, out, size - 1);
    close(fd);
    out[length > 0 ? length : 0] = 0;
    return length > 0;
}

static uint64_t kilobytes_of(const char *text, const char *name) {
    const char *at = strstr(text, name);
    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10) * 1024;
}

// A limit of the cgroup, where its files are to be seen, is nearer to the truth than the memory of the machine.
static void limit_memory(const char *limit_path, const char *usage_path, uint64_t *total, uint64_t *available) {
    char text[64];
    if (!read_text(limit_path, text, sizeof text) || text[0] < '0' || text[0] > '9') {
        return;
    }
    uint64_t limit = strtoull(text, NULL, 10);
    if (limit == 0 || limit >= *total || !read_text(usage_path, text, sizeof text)) {
        return;
    }
    uint64_t usage = strtoull(text, NULL, 10);
    *total = limit;
    *available = usage < limit ? limit - usage : 0;
}

static void put_memory(struct field_writer *out) {
    char text[4096];
    if (!read_text("/proc/meminfo", text, sizeof text)) {
        return;
    }
    uint64_t total = kilobytes_of(text, "MemTotal:"), available = kilobytes_of(text, "MemAvailable:");
    limit_memory("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", &total, &available);
    limit_memory("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes", &total,
        &available);
    field_put_int(out, F_MEM_TOTAL, total);
    field_put_int(out, F_MEM_AVAILABLE, available);
}

static uint64_t count_processes(void) {
    char entries[4096] __attribute__((aligned(8)));
    uint64_t count = 0;
    long length;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) {
        return 0;
    }
    while ((length = syscall(SYS_getdents64, proc, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length;) {
            const struct dirent64 *entry = (const struct dirent64 *) (entries + at);
            at += entry->d_reclen;
            count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
        }
    }
    close(proc);
    return count;
}

void op_metrics(const struct request *request) {
    struct field_writer *out = reply_begin(request->channel, FRAME_END);
    struct statvfs disk;
    char text[128];
    put_memory(out);
    if (statvfs("/", &disk) == 0) {
        field_put_int(out, F_DISK_TOTAL, (uint64_t) disk.f_blocks * disk.f_frsize);
        field_put_int(out, F_DISK_AVAILABLE, (uint64_t) disk.f_bavail * disk.f_frsize);
    }
    field_put_int(out, F_PROCESSES, count_processes());
    field_put_int(out, F_UPTIME_MS, uptime_ms());
    if (read_text("/proc/loadavg", text, sizeof text)) {
        char *dot;
        uint64_t whole = strtoull(text, &dot, 10);
        uint64_t hundredths = *dot == '.' ? strtoull(dot + 1, NULL, 10) : 0;
        field_put_int(out, F_LOAD1_MILLI, whole * 1000 + hundredths * 10);
    }
    reply_send();
}
