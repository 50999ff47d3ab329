/* Slower disk: every fsync and fdatasync takes SYNC_DELAY_US microseconds longer.
 *
 *   cc -O2 -shared -fPIC -o sync_delay.so sync_delay.c -ldl
 *   SYNC_DELAY_US=2000 LD_PRELOAD=$PWD/sync_delay.so COMMAND
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static long delay_us;
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void prepare(void) {
  const char *text = getenv("SYNC_DELAY_US");
  delay_us = text ? atol(text) : 0;
  real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
}

static void delay(void) {
  struct timespec rest = {delay_us / 1000000, delay_us % 1000000 * 1000};
  while (nanosleep(&rest, &rest) == -1 && errno == EINTR) {
  }
}

int fsync(int file) {
  int result = real_fsync(file), reason = errno;
  delay();
  errno = reason;
  return result;
}

int fdatasync(int file) {
  int result = real_fdatasync(file), reason = errno;
  delay();
  errno = reason;
  return result;
}
