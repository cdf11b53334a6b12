/* Writes down what a process does to its SQLite files, so that the disk can be drawn as a power failure leaves it.
 * Loaded with LD_PRELOAD; KEFU_TEST_DISK names the record. Each entry is the struct below, then the data. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 65536
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

struct entry {
    uint8_t what; /* o: opened, w: written, t: cut to a length, s: synced, u: removed */
    uint8_t file; /* 0: the database, 1: its log, 2: its journal */
    uint8_t unused[2];
    uint32_t length;
    uint64_t offset;
};

static int record = -1;
static uint8_t files[MOST]; /* By descriptor: 1 + the file, or 0. */

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("KEFU_TEST_DISK");
    if (path) record = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static uint8_t file_of(const char *path) {
    static const char *const ends[] = {"kefu.db", "kefu.db-wal", "kefu.db-journal"};
    size_t length = path ? strlen(path) : 0;
    for (uint8_t i = 0; i < 3; i++) {
        size_t end = strlen(ends[i]);
        if (length >= end && strcmp(path + length - end, ends[i]) == 0) return i + 1;
    }
    return 0;
}

static uint8_t file_at(int fd) { return record >= 0 && fd >= 0 && fd < MOST ? files[fd] : 0; }

static void note(char what, uint8_t file, uint64_t offset, const void *data, size_t length) {
    struct entry entry = {(uint8_t)what, file - 1, {0, 0}, (uint32_t)length, offset};
    struct iovec parts[] = {{&entry, sizeof entry}, {(void *)data, length}};
    if (writev(record, parts, data ? 2 : 1) < 0) abort();
}

static int opened(int fd, const char *path) {
    uint8_t file = record >= 0 ? file_of(path) : 0;
    if (fd >= 0 && fd < MOST) files[fd] = file;
    if (fd >= 0 && file) note('o', file, 0, NULL, 0);
    return fd;
}

#define OPEN(name)                                                      \
    int name(const char *path, int flags, ...) {                        \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                   \
        return opened(REAL(name)(path, flags, mode), path);             \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (fd >= 0 && fd < MOST) files[fd] = 0;
    return REAL(close)(fd);
}

/* Before the write is done: who syncs after it has it in the record. */
#define PWRITE(name)                                                        \
    ssize_t name(int fd, const void *data, size_t length, off_t offset) {   \
        uint8_t file = file_at(fd);                                         \
        if (file) note('w', file, (uint64_t)offset, data, length);          \
        return REAL(name)(fd, data, length, offset);                        \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t length) {
    uint8_t file = file_at(fd);
    if (file) note('w', file, (uint64_t)lseek(fd, 0, SEEK_CUR), data, length);
    return REAL(write)(fd, data, length);
}

#define FTRUNCATE(name)                                     \
    int name(int fd, off_t length) {                        \
        uint8_t file = file_at(fd);                         \
        if (file) note('t', file, (uint64_t)length, NULL, 0); \
        return REAL(name)(fd, length);                      \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

/* After the sync is done: only then may somebody rely on it. */
#define SYNC(name)                                          \
    int name(int fd) {                                      \
        int result = REAL(name)(fd);                        \
        uint8_t file = file_at(fd);                         \
        if (result == 0 && file) note('s', file, 0, NULL, 0); \
        return result;                                      \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    uint8_t file = record >= 0 ? file_of(path) : 0;
    int result = REAL(unlink)(path);
    if (result == 0 && file) note('u', file, 0, NULL, 0);
    return result;
}
