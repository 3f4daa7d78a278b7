/*
 * probe FILTER            reads lines "n NUMBER ARG0 ARG1 ARG2" (native entry) or "i NUMBER ..." (int 0x80), and
 * answers for
 *                         each the errno that the filter gives, or 500 if it allows the call. No call is ever made.
 * probe FILTER PROGRAM... runs a program under the filter.
 *
 * How: a first filter answers errno 500 to every call whose last argument is MAGIC and to all of the 32-bit entry. The
 * filter under test comes second; of two errnos the kernel takes that of the later filter, so 500 is seen only where
 * the filter under test says "allow" (seccomp(2), "most recently installed filter").
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAGIC 0x5ca1ab1e
#define ALLOWED 500

static void install(struct sock_filter *instructions, unsigned short count) {
    struct sock_fprog program = {.len = count, .filter = instructions};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
        perror("the kernel refused the filter");
        exit(2);
    }
}

static void install_probe(void) {
    struct sock_filter probe[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 2, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MAGIC, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ALLOWED),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    install(probe, sizeof probe / sizeof probe[0]);
}

static long old_entry(long number, long a0, long a1, long a2) {
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a0), "c"(a1), "d"(a2) : "memory");
    return (int)result;
#else
    (void)number, (void)a0, (void)a1, (void)a2;
    return -ENOSYS;
#endif
}

int main(int argc, char **argv) {
    static struct sock_filter filter[4096];
    FILE *file = argc < 2 ? NULL : fopen(argv[1], "rb");
    if (file == NULL) {
        perror("cannot open the filter");
        return 2;
    }
    size_t count = fread(filter, sizeof filter[0], 4096, file);
    fclose(file);
    if (argc > 2) {
        install(filter, (unsigned short)count);
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        return 127;
    }
    install_probe();
    install(filter, (unsigned short)count);
    char entry;
    unsigned long number, a0, a1, a2;
    while (scanf(" %c %lu %lu %lu %lu", &entry, &number, &a0, &a1, &a2) == 5) {
        if (entry == 'n') {
            long result = syscall((long)number, a0, a1, a2, 0L, 0L, (long)MAGIC);
            printf("%d\n", result == -1 ? errno : -1);
        } else {
            printf("%ld\n", -old_entry((long)number, (long)a0, (long)a1, (long)a2));
        }
    }
    return 0;
}
