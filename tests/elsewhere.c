/* Another machine, as the C library tells of it: preloaded into every process of a run by tests/elsewhere.py.
 *
 * ELSEWHERE_BUFFER_BYTES: the receive and send buffer of every TCP socket, whatever net.ipv4.tcp_rmem says.
 * ELSEWHERE_AHEAD_S: how far the calendar is ahead; clocks that only measure how long something takes stay true.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

static long told(const char *name) {
    const char *value = getenv(name);
    return value ? atol(value) : 0;
}

int socket(int domain, int type, int protocol) {
    static int (*real)(int, int, int);
    if (!real) real = dlsym(RTLD_NEXT, "socket");
    int made = real(domain, type, protocol);
    int bytes = (int)told("ELSEWHERE_BUFFER_BYTES");
    int tcp = (domain == AF_INET || domain == AF_INET6) && (type & 0xf) == SOCK_STREAM;
    if (made >= 0 && bytes > 0 && tcp) {
        /* Root goes beyond net.core.rmem_max; others get as much as it allows. */
        if (setsockopt(made, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes))
            setsockopt(made, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        if (setsockopt(made, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes))
            setsockopt(made, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    }
    return made;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += told("ELSEWHERE_AHEAD_S");
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec fine;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &fine);
    now->tv_sec = fine.tv_sec;
    now->tv_usec = fine.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *into) {
    struct timespec fine;
    clock_gettime(CLOCK_REALTIME, &fine);
    if (into) *into = fine.tv_sec;
    return fine.tv_sec;
}
