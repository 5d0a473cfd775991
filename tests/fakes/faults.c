/* A clock that jumps, a disk that fails and a name that leads elsewhere, for the daemon under test:
 * loaded with LD_PRELOAD.
 *
 * SPILLWAY_FAULTS names a file that holds a `struct switches`; the test writes it while the daemon
 * runs (see harness/faults.py). Only files whose path contains `disk` have a failing disk.
 * SPILLWAY_FAULTS_NAME is "name=address": what that name resolves to.
 * Everything else goes straight to the kernel, so that a sanitizer's own interceptors do not matter
 * here. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct switches {
    volatile int64_t clock_offset; /* seconds added to the wall clock */
    volatile int64_t failing;      /* of the operations below */
    volatile int64_t hits;         /* operations that were made to fail */
    char disk[232];
};

enum { WRITES = 1, SYNCS = 2, READS = 4, FULL = 8 };

static struct switches* switches;

__attribute__((constructor)) static void find_switches(void)
{
    const char* path = getenv("SPILLWAY_FAULTS");
    int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) {
        return;
    }
    void* mapped = mmap(NULL, sizeof(struct switches), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) {
        switches = mapped;
    }
}

/* --- the clock */

int clock_gettime(clockid_t clock, struct timespec* time)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, time);
    if (failed == 0 && switches != NULL &&
        (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        time->tv_sec += switches->clock_offset;
    }
    return failed;
}

int gettimeofday(struct timeval* restrict time, void* restrict zone)
{
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t* out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

/* --- the disk */

static int fails(int file, int64_t operation)
{
    if (switches == NULL || (switches->failing & operation) == 0) {
        return 0;
    }
    char link[32];
    char path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) {
        return 0;
    }
    path[length] = '\0';
    if (strstr(path, switches->disk) == NULL) {
        return 0;
    }
    __sync_fetch_and_add(&switches->hits, 1);
    errno = (switches->failing & operation) == FULL ? ENOSPC : EIO;
    return 1;
}

ssize_t write(int file, const void* bytes, size_t count)
{
    return fails(file, WRITES | FULL) ? -1 : syscall(SYS_write, file, bytes, count);
}

ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t at)
{
    return fails(file, WRITES | FULL) ? -1 : syscall(SYS_pwrite64, file, bytes, count, at);
}

ssize_t pwrite(int file, const void* bytes, size_t count, off_t at)
{
    return pwrite64(file, bytes, count, at);
}

ssize_t pread64(int file, void* bytes, size_t count, off64_t at)
{
    return fails(file, READS) ? -1 : syscall(SYS_pread64, file, bytes, count, at);
}

ssize_t pread(int file, void* bytes, size_t count, off_t at)
{
    return pread64(file, bytes, count, at);
}

int fsync(int file)
{
    return fails(file, SYNCS) ? -1 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    return fails(file, SYNCS) ? -1 : (int)syscall(SYS_fdatasync, file);
}

/* --- names */

int getaddrinfo(const char* restrict node, const char* restrict service,
                const struct addrinfo* restrict hints, struct addrinfo** restrict found)
{
    typedef int (*resolver)(const char*, const char*, const struct addrinfo*, struct addrinfo**);
    static resolver real;
    if (real == NULL) {
        *(void**)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    }
    const char* pair = getenv("SPILLWAY_FAULTS_NAME");
    const char* address = pair != NULL ? strchr(pair, '=') : NULL;
    if (node != NULL && address != NULL && strlen(node) == (size_t)(address - pair) &&
        strncmp(node, pair, (size_t)(address - pair)) == 0) {
        node = address + 1;
    }
    return real(node, service, hints, found);
}
