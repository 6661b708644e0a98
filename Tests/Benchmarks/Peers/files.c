/* The work of a file provider in C, and the same work given to cf-agent.
 *
 *   files stat SIZE         resync: a record of each file's status, compared with fstatat(2)
 *   files write SIZE        10,000 files from 16 threads, each synced before it gets its name
 *   files write-many SIZE   the same with ten times as many files of a quarter of the size
 *   files cf-create SIZE    cf-agent makes the files
 *   files cf-plan SIZE      cf-agent finds the files as they should be
 *   files cf-repair SIZE    cf-agent repairs 1 % changed, 1 % deleted and 1 % of wrong mode
 *
 * SIZE is in percent of 10,000 files of 1 KiB, distinct, mode 0640, 100 in a directory. The work is
 * done in a new folder below TMPDIR, which is left for the caller to remove: ext4 makes new files
 * slowly for minutes after many were deleted. Prints name=value. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PER_DIRECTORY = 100, LINES = 16, LINE = 64, SIZE = LINES * LINE, THREADS = 16, PASSES = 20 };

extern char **environ;
static char folder[1024];
static long count, lines = LINES;
static int root;

struct record {
  uint64_t inode, size, modified, changed;
  uint32_t mode;
};
static struct record *records;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static uint64_t mix(uint64_t number) {
  uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

/* 16 lines of 63 characters: number of file and line, and digits that are like no others. */
static void content(long file, char *text) {
  for (int line = 0; line < lines; line++) {
    char digits[80];
    for (int word = 0; word < 4; word++)
      sprintf(digits + 16 * word, "%016llx",
              (unsigned long long)mix(((uint64_t)file * lines + line) * 4 + word));
    digits[51] = 0;
    text += sprintf(text, "%08ld %02d %s\n", file, line, digits);
  }
}

static void name_directory(char *name, long number) { sprintf(name, "d%05ld", number); }
static void name_file(char *name, long number) { sprintf(name, "f%08ld", number); }

static void make(int directory, long file, int is_synced) {
  char name[24], temporary[40], text[SIZE + 1];
  name_file(name, file);
  sprintf(temporary, ".%s.new", name);
  content(file, text);
  int made = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (made < 0) fail("open");
  if (write(made, text, lines * LINE) != lines * LINE) fail("write");
  if (fchmod(made, 0640)) fail("fchmod");
  if (is_synced && fsync(made)) fail("fsync");
  close(made);
  if (renameat(directory, temporary, directory, name)) fail("rename");
}

/* Makes the files of directories first to last. */
static void make_all(long first, long last, int is_synced) {
  char name[24];
  for (long number = first; number < last; number++) {
    name_directory(name, number);
    if (mkdirat(root, name, 0755)) fail("mkdir");
    int directory = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) fail("open");
    for (long file = number * PER_DIRECTORY; file < (number + 1) * PER_DIRECTORY && file < count; file++)
      make(directory, file, is_synced);
    if (is_synced && fsync(directory)) fail("fsync");
    close(directory);
  }
}

struct share {
  long first, last;
};

static void *make_share(void *argument) {
  struct share *share = argument;
  make_all(share->first, share->last, 1);
  return 0;
}

static void write_files(void) {
  long directories = (count + PER_DIRECTORY - 1) / PER_DIRECTORY;
  pthread_t threads[THREADS];
  struct share shares[THREADS];
  double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < THREADS; i++) {
    shares[i] = (struct share){directories * i / THREADS, directories * (i + 1) / THREADS};
    pthread_create(&threads[i], 0, make_share, &shares[i]);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
  printf("wall_ms=%f cpu_ms=%f\n", (seconds(CLOCK_MONOTONIC) - wall) * 1e3,
         (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3);
}

static struct record record_of(const struct stat *status) {
  return (struct record){status->st_ino, status->st_size,
                         status->st_mtim.tv_sec * 1000000000ull + status->st_mtim.tv_nsec,
                         status->st_ctim.tv_sec * 1000000000ull + status->st_ctim.tv_nsec,
                         status->st_mode};
}

/* One pass over all files; the first fills the records. Answers how many differ. */
static long look(int fills) {
  long different = 0;
  char name[24];
  for (long number = 0; number * PER_DIRECTORY < count; number++) {
    name_directory(name, number);
    int directory = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) fail("open");
    for (long file = number * PER_DIRECTORY; file < (number + 1) * PER_DIRECTORY && file < count; file++) {
      struct stat status;
      name_file(name, file);
      if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW)) fail("fstatat");
      struct record found = record_of(&status), known = records[file];
      if (fills) records[file] = found;
      else if (found.inode != known.inode || found.size != known.size || found.mode != known.mode ||
               found.modified != known.modified || found.changed != known.changed)
        different++;
    }
    close(directory);
  }
  return different;
}

static void resync(void) {
  make_all(0, (count + PER_DIRECTORY - 1) / PER_DIRECTORY, 0);
  records = calloc(count, sizeof *records);
  look(1);
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int pass = 0; pass < PASSES; pass++)
    if (look(0)) exit(1);
  cpu = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / PASSES;
  printf("cpu_ns=%f cpu_ms=%f\n", cpu * 1e9 / count, cpu * 1e3);
}

/* A promise for each file, its content inside. */
static void write_policy(const char *path) {
  FILE *policy = fopen(path, "w");
  if (!policy || fchmod(fileno(policy), 0600)) fail(path);
  fputs("body common control { bundlesequence => { \"main\" }; }\n"
        "body perms m640 { mode => \"0640\"; }\nbundle agent main {\nfiles:\n", policy);
  for (long file = 0; file < count; file++) {
    char text[SIZE + 1], directory[24], name[24];
    name_directory(directory, file / PER_DIRECTORY);
    name_file(name, file);
    content(file, text);
    fprintf(policy, "\"%s/files/%s/%s\" create => \"true\", content => \"%s\", perms => m640;\n",
            folder, directory, name, text);
  }
  fputs("}\n", policy);
  if (fclose(policy)) fail(path);
}

static void run_agent(char *policy, double *wall, double *cpu) {
  char *arguments[] = {"cf-agent", "-K", "-f", policy, 0};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t process;
  int status;
  struct rusage usage;
  double begin = seconds(CLOCK_MONOTONIC);
  if (posix_spawnp(&process, "cf-agent", &actions, 0, arguments, environ)) fail("cf-agent");
  while (wait4(process, &status, 0, &usage) < 0)
    if (errno != EINTR) fail("wait");
  *wall = seconds(CLOCK_MONOTONIC) - begin;
  *cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void drift(void) {
  char name[64];
  for (long file = 0; file < count; file++) {
    int kind = file % 100;
    if (kind != 7 && kind != 31 && kind != 63) continue;
    sprintf(name, "d%05ld/f%08ld", file / PER_DIRECTORY, file);
    if (kind == 31 && unlinkat(root, name, 0)) fail("unlink");
    if (kind == 63 && fchmodat(root, name, 0600, 0)) fail("chmod");
    if (kind != 7) continue;
    int changed = openat(root, name, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (changed < 0 || write(changed, "x\n", 2) != 2) fail("write");
    close(changed);
  }
}

static void check(void) {
  char name[64], text[SIZE + 1], found[SIZE + 2];
  for (long file = 0; file < count; file++) {
    sprintf(name, "d%05ld/f%08ld", file / PER_DIRECTORY, file);
    int opened = openat(root, name, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (opened < 0 || fstat(opened, &status)) fail(name);
    content(file, text);
    if ((status.st_mode & 07777) != 0640 || read(opened, found, SIZE + 1) != SIZE ||
        memcmp(found, text, SIZE)) {
      fprintf(stderr, "%s is not as declared\n", name);
      exit(1);
    }
    close(opened);
  }
}

static void agent(const char *mode) {
  char policy[1100];
  double wall, cpu;
  sprintf(policy, "%s/policy.cf", folder);
  write_policy(policy);
  if (strcmp(mode, "cf-create")) {
    make_all(0, (count + PER_DIRECTORY - 1) / PER_DIRECTORY, 0);
    run_agent(policy, &wall, &cpu);
  }
  if (!strcmp(mode, "cf-repair")) drift();
  run_agent(policy, &wall, &cpu);
  check();
  printf("wall_ms=%f cpu_ms=%f\n", wall * 1e3, cpu * 1e3);
}

int main(int argument_count, char **arguments) {
  if (argument_count < 3) return 64;
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/files-XXXXXX", parent ? parent : "/tmp");
  if (!mkdtemp(folder)) fail(folder);
  char path[1100];
  sprintf(path, "%s/files", folder);
  mkdir(path, 0755);
  root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) fail(path);
  count = atof(arguments[2]) * 100;
  if (count < PER_DIRECTORY) count = PER_DIRECTORY;
  if (!strcmp(arguments[1], "write-many")) {
    count *= 10;
    lines = LINES / 4;
    write_files();
  } else if (!strcmp(arguments[1], "stat")) resync();
  else if (!strcmp(arguments[1], "write")) write_files();
  else if (!strncmp(arguments[1], "cf-", 3)) agent(arguments[1]);
  else return 64;
  return 0;
}
