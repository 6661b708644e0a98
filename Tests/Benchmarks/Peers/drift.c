/* From a write into a file to its repair, by the least that can do it: the floor.
 *
 *   drift fsync SIZE        the repair is synced before it gets its name
 *   drift nosync SIZE       it is not
 *
 * One process watches the directory with inotify(7) and puts the content back, by a new file and
 * rename(2), whenever it differs. Another one appends to the file 200 times, whatever SIZE says,
 * about every 10 ms, and takes the time from before write(2) to after rename(2). The work is done in a new
 * folder below TMPDIR. Prints name=value. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DRIFTS = 200, SIZE = 1024 };

static char folder[512], path[640], temporary[640], content[SIZE];
static int is_synced;

/* What both processes see. */
static struct shared {
  volatile int64_t repaired_at, repairs;
  volatile int is_watching;
} *shared;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int by_size(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

static void put(void) {
  int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail("open");
  if (write(file, content, SIZE) != SIZE) fail("write");
  if (fchmod(file, 0640) || (is_synced && fsync(file))) fail("fsync");
  close(file);
  if (rename(temporary, path)) fail("rename");
}

static int differs(void) {
  char found[SIZE + 1];
  struct stat status;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 1;
  int is_other = fstat(file, &status) || status.st_size != SIZE || (status.st_mode & 07777) != 0640 ||
                 read(file, found, sizeof found) != SIZE || memcmp(found, content, SIZE);
  close(file);
  return is_other;
}

static void watch(void) {
  static char events[65536] __attribute__((aligned(8)));
  int inotify = inotify_init1(IN_CLOEXEC);
  if (inotify_add_watch(inotify, folder,
                        IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM) < 0)
    fail("inotify");
  shared->is_watching = 1;
  while (read(inotify, events, sizeof events) > 0) {
    if (!differs()) continue;
    put();
    shared->repaired_at = now();
    shared->repairs++;
  }
}

static int64_t drift(void) {
  int64_t before = shared->repairs;
  int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) fail("open");
  int64_t begin = now();
  if (write(file, "x\n", 2) != 2) fail("write");
  close(file);
  while (shared->repairs == before) usleep(20);
  if (differs()) fail("not repaired");
  return shared->repaired_at - begin;
}

int main(int count, char **arguments) {
  if (count != 3) return 64;
  is_synced = !strcmp(arguments[1], "fsync");
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/drift-XXXXXX", parent ? parent : "/tmp");
  if (!mkdtemp(folder)) fail("mkdtemp");
  snprintf(path, sizeof path, "%s/file", folder);
  snprintf(temporary, sizeof temporary, "%s/.file.new", folder);
  memset(content, 'a', SIZE);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap");
  put();
  pid_t watcher = fork();
  if (watcher < 0) fail("fork");
  if (!watcher) {
    watch();
    _exit(1);
  }
  while (!shared->is_watching) usleep(1000);
  int64_t times[DRIFTS];
  for (int number = 0; number < DRIFTS; number++) {
    usleep(8000 + rand() % 4000);
    times[number] = drift();
  }
  kill(watcher, SIGKILL);
  waitpid(watcher, NULL, 0);
  qsort(times, DRIFTS, sizeof *times, by_size);
  printf("p50_us=%.1f p99_us=%.1f max_us=%.1f\n", times[DRIFTS / 2] / 1e3, times[DRIFTS * 99 / 100] / 1e3,
         times[DRIFTS - 1] / 1e3);
}
