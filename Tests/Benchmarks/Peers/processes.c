/* The least a supervisor can do, and what measures it and any other:
 *   processes kill PERCENT       spawn 20, watch each by pidfd in one epoll, posix_spawn it again when it ends
 *   processes start PERCENT      posix_spawn 1,000, to the first instruction of the last
 *   processes stamp FILE SLOT    the supervised process: publishes when it began, and sleeps
 *   processes killer FILE COUNT KILLS   kills COUNT of them in turn, and prints how long each was gone
 * No pipes, no logs, no state: this is the floor, not a policy. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  volatile int64_t began, process;
} slot;

enum { SLOTS = 4096, COUNT = 20 };
extern char **environ;

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

static pid_t begin(const char *self, const char *path, int index) {
  char number[16];
  snprintf(number, sizeof number, "%d", index);
  char *arguments[] = {(char *)self, "stamp", (char *)path, number, NULL};
  pid_t process;
  if (posix_spawn(&process, self, NULL, NULL, arguments, environ)) fail(self);
  return process;
}

static void supervise(const char *self, const char *path) {
  int poll = epoll_create1(EPOLL_CLOEXEC), descriptors[COUNT];
  for (int index = 0; index < COUNT; index++) {
    descriptors[index] = syscall(SYS_pidfd_open, begin(self, path, index), 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    epoll_ctl(poll, EPOLL_CTL_ADD, descriptors[index], &event);
  }
  for (;;) {
    struct epoll_event events[64];
    int count = epoll_wait(poll, events, 64, -1);
    for (int next = 0; next < count; next++) {
      int index = events[next].data.u32;
      siginfo_t info = {0};
      if (waitid(P_PIDFD, descriptors[index], &info, WEXITED | WNOHANG) || !info.si_pid) continue;
      close(descriptors[index]);
      descriptors[index] = syscall(SYS_pidfd_open, begin(self, path, index), 0);
      struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
      epoll_ctl(poll, EPOLL_CTL_ADD, descriptors[index], &event);
    }
  }
}

static int64_t wait_for(slot *own, int64_t old) {
  int64_t end = now() + 60000000000;
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
  usleep(1200000);
  for (int turn = 0; turn < kills; turn++) {
    slot *own = &all[turn % count];
    // Only what has been up for a while is restarted at once.
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
  if (count > 3 && !strcmp(arguments[1], "stamp")) stamp(arguments[2], atoi(arguments[3]));
  if (count > 4 && !strcmp(arguments[1], "killer")) {
    kill_in_turn(map(arguments[2]), atoi(arguments[3]), atoi(arguments[4]));
    return 0;
  }
  if (count < 3) return 64;
  double percent = atof(arguments[2]);
  char path[64];
  snprintf(path, sizeof path, "/tmp/processes-%d", getpid());
  slot *all = map(path);
  if (!strcmp(arguments[1], "start")) {
    int total = (int)(10 * percent);
    int64_t at = now(), last = 0;
    pid_t *processes = calloc(total, sizeof *processes);
    for (int index = 0; index < total; index++) processes[index] = begin(arguments[0], path, index);
    for (int index = 0; index < total; index++) {
      int64_t began = wait_for(&all[index], 0);
      if (began > last) last = began;
    }
    printf("wall_ms=%.2f\n", (last - at) / 1e6);
    for (int index = 0; index < total; index++) kill(processes[index], SIGKILL);
  } else {
    pid_t supervisor = fork();
    if (supervisor == 0) supervise(arguments[0], path);
    kill_in_turn(all, COUNT, percent < 50 ? 20 : (int)(2 * percent));
    kill(supervisor, SIGKILL);
    for (int index = 0; index < COUNT; index++) kill((pid_t)all[index].process, SIGKILL);
  }
  unlink(path);
  return 0;
}
