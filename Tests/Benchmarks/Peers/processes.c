/* Supervisors to compare with: the least that one can do, and runit.
 *   processes kill PERCENT         keep 20, posix_spawn each again when it ends; kill them in turn
 *   processes start PERCENT        posix_spawn 1,000, to the first instruction of the last
 *   processes runit-kill PERCENT   the same kills, kept by runsvdir
 *   processes runit-rest COUNT PERCENT   memory, and CPU at rest for each look that ours would take
 * The first two have no pipes, no logs and no state: they are the floor, not a policy. What is
 * supervised, and what kills, is the program that SUPERVISED names. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 20, SECONDS = 30, LOOKS = 2 };
extern char **environ;
static const char *supervised;
static char folder[128], times[160];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static pid_t spawn(char *const *arguments) {
  pid_t process;
  int error = posix_spawnp(&process, arguments[0], NULL, NULL, arguments, environ);
  if (error) {
    errno = error;
    fail(arguments[0]);
  }
  return process;
}

static pid_t begin(int index) {
  char number[16];
  snprintf(number, sizeof number, "%d", index);
  char *arguments[] = {(char *)supervised, "stamp", times, number, NULL};
  return spawn(arguments);
}

static void watch(int poll, int descriptor, int index) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
}

static void supervise(void) {
  int poll = epoll_create1(EPOLL_CLOEXEC), descriptors[KEPT];
  for (int index = 0; index < KEPT; index++) {
    descriptors[index] = syscall(SYS_pidfd_open, begin(index), 0);
    watch(poll, descriptors[index], index);
  }
  for (;;) {
    struct epoll_event events[64];
    int count = epoll_wait(poll, events, 64, -1);
    for (int next = 0; next < count; next++) {
      int index = events[next].data.u32;
      siginfo_t info = {0};
      if (waitid(P_PIDFD, descriptors[index], &info, WEXITED | WNOHANG) || !info.si_pid) continue;
      close(descriptors[index]);
      descriptors[index] = syscall(SYS_pidfd_open, begin(index), 0);
      watch(poll, descriptors[index], index);
    }
  }
}

/* Runs the program that measures, and leaves its output to be read by whoever started this. */
static void measure(const char *verb, int count, int kills) {
  char number[16], turns[16];
  snprintf(number, sizeof number, "%d", count);
  snprintf(turns, sizeof turns, "%d", kills);
  char *arguments[] = {(char *)supervised, (char *)verb, times, number, turns, NULL};
  int status;
  fflush(stdout);
  if (waitpid(spawn(arguments), &status, 0) < 0 || status) fail(verb);
}

/* When the last of some began. */
static int64_t last_of(int count) {
  char command[512];
  snprintf(command, sizeof command, "%s await %s %d", supervised, times, count);
  FILE *output = popen(command, "r");
  long long last;
  if (!output || fscanf(output, "last=%lld", &last) != 1 || pclose(output)) fail(command);
  return last;
}

static int kills(double percent) { return percent < 50 ? 5 : (int)(2 * percent); }

static void kill_floor(double percent) {
  pid_t supervisor = fork();
  if (supervisor == 0) supervise();
  measure("kill", KEPT, kills(percent));
  kill(supervisor, SIGKILL);
  waitpid(supervisor, NULL, 0);
  measure("end", KEPT, 0);
}

static void start_floor(double percent) {
  int total = percent < 0.1 ? 1 : (int)(10 * percent);
  int64_t at = now();
  for (int index = 0; index < total; index++) begin(index);
  printf("wall_ms=%.2f\n", (last_of(total) - at) / 1e6);
  measure("end", total, 0);
}

/* A service that logs nothing, as runit has it where nothing else is said. */
static void make_service(int index) {
  char path[256];
  snprintf(path, sizeof path, "%s/sv/s%d", folder, index);
  if (mkdir(path, 0755)) fail(path);
  strcat(path, "/run");
  FILE *file = fopen(path, "w");
  if (!file) fail(path);
  fprintf(file, "#!/bin/sh\nexec %s stamp %s %d\n", supervised, times, index);
  fclose(file);
  chmod(path, 0755);
}

static pid_t run_services(int count) {
  char path[160];
  snprintf(path, sizeof path, "%s/sv", folder);
  if (mkdir(path, 0755)) fail(path);
  for (int index = 0; index < count; index++) make_service(index);
  char *arguments[] = {"runsvdir", path, NULL};
  return spawn(arguments);
}

static void end_services(pid_t supervisor, int count) {
  // HUP: runsvdir sends each runsv TERM, and that ends its service.
  kill(supervisor, SIGHUP);
  waitpid(supervisor, NULL, 0);
  sleep(2);
  measure("end", count, 0);
}

static void kill_runit(double percent) {
  pid_t supervisor = run_services(KEPT);
  measure("kill", KEPT, kills(percent));
  end_services(supervisor, KEPT);
}

static int64_t number_in(const char *path, const char *label) {
  char line[256];
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  long long number = 0;
  while (fgets(line, sizeof line, file)) {
    if (!strncmp(line, label, strlen(label)) && sscanf(line + strlen(label), "%lld", &number) == 1)
      break;
  }
  fclose(file);
  return number;
}

/* CPU in nanoseconds and memory in bytes of runsvdir and all runsv. */
static void use(pid_t supervisor, double *cpu, double *memory) {
  DIR *all = opendir("/proc");
  struct dirent *entry;
  *cpu = *memory = 0;
  while (all && (entry = readdir(all))) {
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/status", entry->d_name);
    if (atoi(entry->d_name) != supervisor && number_in(path, "PPid:") != supervisor) continue;
    snprintf(path, sizeof path, "/proc/%s/schedstat", entry->d_name);
    *cpu += (double)number_in(path, "");
    snprintf(path, sizeof path, "/proc/%s/smaps_rollup", entry->d_name);
    *memory += 1024.0 * (double)number_in(path, "Pss:");
  }
  closedir(all);
}

static void rest_runit(int most, double percent) {
  int count = (int)(most * percent / 100) < 1 ? 1 : (int)(most * percent / 100);
  pid_t supervisor = run_services(count);
  last_of(count);
  sleep(5);
  double before, after, memory;
  use(supervisor, &before, &memory);
  sleep(percent < 50 ? 2 : SECONDS);
  use(supervisor, &after, &memory);
  end_services(supervisor, count);
  printf("look_us=%.2f memory=%.0f\n", (after - before) / 1e3 / LOOKS / count, memory);
}

static int take_away(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status, (void)type, (void)walk;
  return remove(path);
}

int main(int count, char **arguments) {
  supervised = getenv("SUPERVISED");
  const char *parent = getenv("TMPDIR");
  if (count < 3 || !supervised) return 64;
  double percent = atof(arguments[count - 1]);
  snprintf(folder, sizeof folder, "%s/processes-%d", parent ? parent : "/tmp", getpid());
  snprintf(times, sizeof times, "%s/times", folder);
  if (mkdir(folder, 0755)) fail(folder);
  const char *verb = arguments[1];
  if (!strcmp(verb, "kill")) kill_floor(percent);
  if (!strcmp(verb, "start")) start_floor(percent);
  if (!strcmp(verb, "runit-kill")) kill_runit(percent);
  if (!strcmp(verb, "runit-rest") && count > 3) rest_runit(atoi(arguments[2]), percent);
  nftw(folder, take_away, 16, FTW_DEPTH | FTW_PHYS);
  return 0;
}
