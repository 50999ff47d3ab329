/* LD_PRELOAD: fsync and fdatasync of files whose path contains FAULT_PATH fail with EIO as the file FAULT_CONTROL specifies.
 *
 * FAULT_CONTROL contains two numbers, "SKIP FAIL": SKIP syncs of a process still succeed, from the time the text changes; then
 * one fails if FAIL is 1, in whichever process is first, and every one if it is negative. A failing sync is not performed. Each
 * is logged to FAULT_CONTROL.log.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char known[64];
static long skip, fail;

static int fails(int fd) {
  const char *wanted = getenv("FAULT_PATH"), *control = getenv("FAULT_CONTROL");
  char link[64], path[PATH_MAX], text[64] = {0};
  if (!wanted || !control) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (!strstr(path, wanted)) return 0;
  int file = open(control, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
  close(file);
  pthread_mutex_lock(&turn);
  if (strcmp(text, known) != 0) {
    strcpy(known, text);
    skip = fail = 0;
    sscanf(text, "%ld %ld", &skip, &fail);
  }
  int failing = skip <= 0 && fail != 0;
  if (skip > 0) skip--;
  if (failing && fail > 0) {
    char used[PATH_MAX];
    snprintf(used, sizeof used, "%s.used", control);
    /* Among processes, too, only one gets it. */
    failing = rename(control, used) == 0;
    fail = 0;
  }
  pthread_mutex_unlock(&turn);
  if (failing) {
    char log[PATH_MAX];
    snprintf(log, sizeof log, "%s.log", control);
    file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file >= 0) {
      strcat(path, "\n");
      if (write(file, path, strlen(path)) < 0) abort();
      close(file);
    }
  }
  return failing;
}

static int sync_of(long number, int fd) {
  if (fails(fd)) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(number, fd);
}

int fsync(int fd) { return sync_of(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_of(SYS_fdatasync, fd); }
