// LISTENERS and DIAL: the loopback of the sandbox, reached through the stream.
#define _GNU_SOURCE
#include "guest_files.h"
#include "guest_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- LISTENERS ----

// The kernel lists listeners before connections, so the bound on lines leaves none of them out.
enum { TCP_LISTEN_STATE = 0x0A, LINES_MAX = 4096, LINE_BYTES = 256 };

// An address of /proc/net is words of 32 bits in the order of the machine, in hexadecimal.
static bool parse_address(const char *hex, bool six, char *out) {
    uint32_t words[4];
    int count = six ? 4 : 1;
    if (strlen(hex) != (size_t) count * 8) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (sscanf(hex + 8 * i, "%8x", &words[i]) != 1) {
            return false;
        }
    }
    return inet_ntop(six ? AF_INET6 : AF_INET, words, out, INET6_ADDRSTRLEN) != NULL;
}

// False when the reply is full. Other sockets and broken lines are passed over.
static bool put_listener(struct field_writer *out, const char *line, bool six) {
    char hex[33], address[INET6_ADDRSTRLEN];
    unsigned port, state, uid;
    static const char format[] = " %*d: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %u";
    if (sscanf(line, format, hex, &port, &state, &uid) != 4
        || state != TCP_LISTEN_STATE || !parse_address(hex, six, address)) {
        return true;
    }
    uint8_t *entry = field_begin(out, F_ENTRY);
    field_put_text(out, F_ADDRESS, address);
    field_put_int(out, F_PORT, port);
    field_put_int(out, F_UID, uid);
    return field_end(out, entry);
}

static void put_listeners(struct field_writer *out, const char *path, bool six) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char buffer[4096];
    size_t length = 0;
    if (fd < 0) {
        return;
    }
    for (int lines = 0; lines < LINES_MAX;) {
        ssize_t count = read(fd, buffer + length, sizeof buffer - 1 - length);
        if (count <= 0) {
            break;
        }
        length += (size_t) count;
        buffer[length] = 0;
        char *at = buffer, *end;
        for (; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++) {
            *end = 0;
            if (lines > 0 && !put_listener(out, at, six)) {
                close(fd);
                return;
            }
        }
        length -= (size_t) (at - buffer);
        memmove(buffer, at, length);
        if (length > LINE_BYTES) {
            break;
        }
    }
    close(fd);
}

void op_listeners(const struct request *request) {
    struct field_writer *out = reply_begin(request->channel, FRAME_END);
    put_listeners(out, "/proc/net/tcp", false);
    put_listeners(out, "/proc/net/tcp6", true);
    reply_send();
}

// ---- DIAL ----

struct dialled {
    void *grave;
    struct source source;
    struct channel *channel;
    struct ring waiting; // for the service
    bool connected, readable, writable;
    bool host_done, host_closed; // EOF came from the host; was passed on
    bool service_closed;
};

static void dialled_close(struct dialled *dialled) {
    source_close(&dialled->source);
    ring_release(&dialled->waiting, ring_used(&dialled->waiting));
    dialled->channel = NULL;
    free_later(dialled);
}

static void dialled_fail(struct dialled *dialled, int error) {
    channel_errno(dialled->channel, error, "connection");
    dialled_close(dialled);
}

static bool end_if_closed(struct dialled *dialled) {
    if (!dialled->service_closed || !dialled->host_closed) {
        return false;
    }
    channel_end(dialled->channel);
    dialled_close(dialled);
    return true;
}

// The count sent; -1 when the connection is broken and was closed.
static ssize_t send_parts(struct dialled *dialled, struct iovec *part, int parts) {
    const struct msghdr message = {.msg_iov = part, .msg_iovlen = (size_t) parts};
    ssize_t count = sendmsg(dialled->source.fd, &message, MSG_NOSIGNAL);
    if (count >= 0) {
        return count;
    }
    if (errno == EAGAIN || errno == EINTR) {
        dialled->writable = errno == EINTR;
        return 0;
    }
    dialled_fail(dialled, errno);
    return -1;
}

static void flush(struct dialled *dialled) {
    while (dialled->connected && dialled->writable && ring_used(&dialled->waiting) > 0) {
        struct iovec part[2];
        int parts = ring_view(&dialled->waiting, dialled->waiting.tail, SIZE_MAX, part);
        ssize_t count = send_parts(dialled, part, parts);
        if (count < 0) {
            return;
        }
        ring_release(&dialled->waiting, (uint64_t) count);
        channel_consumed(dialled->channel, (size_t) count);
    }
    if (dialled->connected && dialled->host_done && !dialled->host_closed && ring_used(&dialled->waiting) == 0) {
        dialled->host_closed = true;
        shutdown(dialled->source.fd, SHUT_WR);
        end_if_closed(dialled);
    }
}

static void on_data(struct channel *channel, const uint8_t *bytes, size_t length) {
    struct dialled *dialled = channel->owner;
    ssize_t done = 0;
    if (dialled->connected && dialled->writable && ring_used(&dialled->waiting) == 0) {
        struct iovec part = {(void *) (uintptr_t) bytes, length};
        done = send_parts(dialled, &part, 1);
        if (done < 0) {
            return;
        }
        channel_consumed(channel, (size_t) done);
    }
    if (!ring_append(&dialled->waiting, bytes + done, length - (size_t) done, WINDOW_PROCESS)) {
        dialled_fail(dialled, ENOMEM);
    }
}

static void on_eof(struct channel *channel) {
    struct dialled *dialled = channel->owner;
    dialled->host_done = true;
    flush(dialled);
}

static bool on_produce(struct channel *channel, struct slot *slot) {
    struct dialled *dialled = channel->owner;
    size_t room = channel->out_window < slot->room ? channel->out_window : slot->room;
    if (!dialled->connected || !dialled->readable || dialled->service_closed || room == 0) {
        return false;
    }
    ssize_t count = recv(dialled->source.fd, slot->buffer, room, 0);
    if (count > 0) {
        channel->out_window -= (uint32_t) count;
        channel->out_sent += (uint32_t) count;
        slot->length = (size_t) count;
        return true;
    }
    if (count == 0) {
        dialled->service_closed = true;
        channel_eof(channel, 1);
        end_if_closed(dialled);
    } else if (errno == EAGAIN || errno == EINTR) {
        dialled->readable = errno == EINTR;
    } else {
        dialled_fail(dialled, errno);
    }
    return false;
}

static void on_drop(struct channel *channel) {
    dialled_close(channel->owner);
}

static const struct channel_ops dialled_ops = {on_data, on_eof, channel_credit_simple, on_produce, on_drop};

static void on_socket(struct source *source, uint32_t events) {
    struct dialled *dialled = container_of(source, struct dialled, source);
    if (dialled->channel == NULL) {
        return;
    }
    if (!dialled->connected) {
        int error = 0;
        socklen_t size = sizeof error;
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) {
            return;
        }
        getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            dialled_fail(dialled, error);
            return;
        }
        dialled->connected = true;
        reply_begin(dialled->channel, FRAME_RESPONSE);
        reply_send();
    }
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        dialled->readable = true;
        channel_ready(dialled->channel);
    }
    if (events & EPOLLOUT) {
        dialled->writable = true;
        flush(dialled);
    }
}

static int dial(uint16_t port, bool six) {
    const struct sockaddr_in four_address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct sockaddr_in6 six_address = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT,
    };
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int result = six ? connect(fd, (const struct sockaddr *) &six_address, sizeof six_address)
        : connect(fd, (const struct sockaddr *) &four_address, sizeof four_address);
    if (result < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void op_dial(const struct request *request) {
    char address[64] = "127.0.0.1";
    uint64_t port = 0;
    if (!request_text(request, F_ADDRESS, address, sizeof address) || !request_int(request, F_PORT, &port, 65535)) {
        return;
    }
    bool six = strcmp(address, "::1") == 0;
    if (port == 0 || (!six && strcmp(address, "127.0.0.1") != 0)) {
        channel_error(request->channel, E_INVALID, 0, "invalid %s", port == 0 ? "PORT" : "ADDRESS");
        return;
    }
    int fd = dial((uint16_t) port, six);
    if (fd < 0) {
        channel_errno(request->channel, errno, "connection");
        return;
    }
    struct dialled *dialled = calloc(1, sizeof *dialled);
    if (dialled == NULL || !source_add(&dialled->source, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP)) {
        close(fd);
        free(dialled);
        channel_error(request->channel, E_NO_SPACE, 0, "no memory");
        return;
    }
    dialled->source.on_ready = on_socket;
    dialled->channel = request->channel;
    channel_accept(request->channel, &dialled_ops, dialled, WINDOW_PROCESS, WINDOW_PROCESS);
}
