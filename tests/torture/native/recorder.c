/* LD_PRELOAD: records a process's operations on the files under RECORD_DIR, in order, with their bytes and CLOCK_MONOTONIC
 * before and after: enough to derive the possible contents of a disk at any time in between.
 *
 * Calls are serialised, so the log's order is the true one; a failed call is not recorded. Writes through a mapping (SQLite's
 * -shm) are not seen, and do not outlive a power cut anyway.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE = 1, TRUNCATE, SYNC, UNLINK, RENAME };

struct head {
  uint32_t kind, path_length;
  int64_t begin, end, offset;
  uint64_t length;
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char directory[PATH_MAX];
static size_t directory_length;
static int log_fd = -1;

__attribute__((constructor)) static void begin_log(void) {
  const char *dir = getenv("RECORD_DIR"), *log = getenv("RECORD_LOG");
  if (!dir || !log || !realpath(dir, directory)) return;
  directory_length = strlen(directory);
  log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static int is_inside(const char *path) {
  return log_fd >= 0 && strncmp(path, directory, directory_length) == 0 && path[directory_length] == '/';
}

/* Returns the path behind a descriptor, if it is one of the recorded files. */
static int path_of(int fd, char *path) {
  char link[64];
  if (log_fd < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_inside(path);
}

static void note(enum kind kind, const char *path, int64_t begin, int64_t offset, const void *data, size_t length) {
  struct head head = {kind, (uint32_t)strlen(path), begin, now(), offset, length};
  struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path_length}, {(void *)data, data ? length : 0}};
  size_t whole = sizeof head + head.path_length + parts[2].iov_len;
  if ((size_t)syscall(SYS_writev, log_fd, parts, 3) != whole) abort();
}

static ssize_t put(int fd, const void *data, size_t length, off_t offset, int has_offset) {
  char path[PATH_MAX];
  long number = has_offset ? SYS_pwrite64 : SYS_write;
  if (!path_of(fd, path)) return syscall(number, fd, data, length, offset);
  pthread_mutex_lock(&turn);
  int64_t begin = now();
  ssize_t done = syscall(number, fd, data, length, offset);
  if (done > 0) note(WRITE, path, begin, has_offset ? offset : lseek(fd, 0, SEEK_CUR) - done, data, (size_t)done);
  pthread_mutex_unlock(&turn);
  return done;
}

ssize_t write(int fd, const void *data, size_t length) { return put(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return put(fd, data, length, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return put(fd, data, length, offset, 1); }

static int on_file(enum kind kind, long number, int fd, off_t length) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return (int)syscall(number, fd, length);
  pthread_mutex_lock(&turn);
  int64_t begin = now();
  int failed = (int)syscall(number, fd, length);
  if (!failed) note(kind, path, begin, length, NULL, 0);
  pthread_mutex_unlock(&turn);
  return failed;
}

int ftruncate(int fd, off_t length) { return on_file(TRUNCATE, SYS_ftruncate, fd, length); }
int ftruncate64(int fd, off64_t length) { return on_file(TRUNCATE, SYS_ftruncate, fd, length); }
int fsync(int fd) { return on_file(SYNC, SYS_fsync, fd, 0); }
int fdatasync(int fd) { return on_file(SYNC, SYS_fdatasync, fd, 0); }

static int on_name(enum kind kind, const char *path, const char *other) {
  pthread_mutex_lock(&turn);
  int64_t begin = now();
  int failed = kind == RENAME ? (int)syscall(SYS_rename, path, other) : (int)syscall(SYS_unlink, path);
  if (!failed && is_inside(path)) note(kind, path, begin, 0, other, other ? strlen(other) : 0);
  pthread_mutex_unlock(&turn);
  return failed;
}

int unlink(const char *path) { return on_name(UNLINK, path, NULL); }
int rename(const char *path, const char *other) { return on_name(RENAME, path, other); }
