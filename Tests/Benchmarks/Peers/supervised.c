/* What is supervised in the benchmarks of processes, and what measures it, whoever supervises:
 *   supervised stamp FILE SLOT           publishes in FILE when it began, and sleeps for ever
 *   supervised await FILE COUNT          waits until COUNT have begun; prints when the last one did
 *   supervised kill FILE COUNT KILLS     kills COUNT of them in turn; prints how long each was gone
 *   supervised end FILE COUNT            kills them all */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  volatile int64_t began, process;
} slot;

enum { SLOTS = 4096 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static slot *map(const char *path) {
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, SLOTS * sizeof(slot)) < 0) fail(path);
  slot *all = mmap(NULL, SLOTS * sizeof(slot), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (all == MAP_FAILED) fail(path);
  close(file);
  return all;
}

static void stamp(const char *path, int index) {
  int64_t began = now();
  slot *own = map(path) + index;
  own->began = began;
  __atomic_store_n(&own->process, getpid(), __ATOMIC_SEQ_CST);
  for (;;) pause();
}

/* Waits until another process than `old` has begun, and says when it did. */
static int64_t wait_for(slot *own, int64_t old) {
  int64_t end = now() + 120000000000;
  while (own->process == 0 || own->process == old) {
    if (now() > end) {
      fprintf(stderr, "a process does not come back\n");
      exit(1);
    }
    usleep(200);
  }
  return own->began;
}

static int compare(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

static void kill_in_turn(slot *all, int count, int kills) {
  int64_t *gone = calloc(kills, sizeof *gone);
  for (int index = 0; index < count; index++) wait_for(&all[index], 0);
  for (int turn = 0; turn < kills; turn++) {
    slot *own = &all[turn % count];
    /* Only what has been up for more than a second is restarted at once, by runit and by ours. */
    while (now() - own->began < 1300000000) usleep(5000);
    int64_t old = own->process, at = now();
    kill((pid_t)old, SIGKILL);
    gone[turn] = wait_for(own, old) - at;
  }
  qsort(gone, kills, sizeof *gone, compare);
  printf("p50_us=%.1f p99_us=%.1f max_us=%.1f\n", gone[kills / 2] / 1e3,
         gone[kills * 99 / 100] / 1e3, gone[kills - 1] / 1e3);
}

int main(int count, char **arguments) {
  if (count < 4) return 64;
  const char *verb = arguments[1];
  int number = atoi(arguments[3]);
  if (!strcmp(verb, "stamp")) stamp(arguments[2], number);
  slot *all = map(arguments[2]);
  if (!strcmp(verb, "kill") && count > 4) kill_in_turn(all, number, atoi(arguments[4]));
  if (!strcmp(verb, "end")) {
    for (int index = 0; index < number; index++) {
      if (all[index].process > 0) kill((pid_t)all[index].process, SIGKILL);
    }
  }
  if (!strcmp(verb, "await")) {
    int64_t last = 0;
    for (int index = 0; index < number; index++) {
      int64_t began = wait_for(&all[index], 0);
      if (began > last) last = began;
    }
    printf("last=%lld\n", (long long)last);
  }
  return 0;
}
