#define _GNU_SOURCE
#include "CTendProcesses.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/// What the child sees of its parent's memory, which it shares until its program runs.
typedef struct {
  const tend_launch *launch;
  tend_launch_failure *failure;
} child_context;

enum { STACK_SIZE = 32 << 10 };

// In the child, from here to `run`: it shares the memory of its parent, which may have threads that
// hold any lock. So only plain system calls, and nothing of the C library that keeps state.

static void fail(const child_context *child, int step, int error) {
  child->failure->step = step;
  child->failure->error = error;
  syscall(SYS_exit_group, 127);
  __builtin_unreachable();
}

static void check(const child_context *child, int step, long result) {
  if (result < 0) fail(child, step, errno);
}

static void reset_signals(void) {
  // As the kernel has it, all zero: the library keeps its own signals from being changed.
  uint64_t usual[4] = {0};
  for (int number = 1; number < 65; number++) {
    syscall(SYS_rt_sigaction, number, usual, NULL, sizeof(uint64_t));
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/// A table of its own, instead of its parent's, which it shared so far. That one may have thousands
/// of descriptors; what lies above the two that are needed is neither copied nor closed.
static void leave_descriptors(const child_context *child) {
  const tend_launch *launch = child->launch;
  unsigned last = 2;
  if (launch->input > (int)last) last = (unsigned)launch->input;
  if (launch->output > (int)last) last = (unsigned)launch->output;
  check(child, TEND_STEP_DESCRIPTORS,
        syscall(SYS_close_range, last + 1, ~0U, CLOSE_RANGE_UNSHARE));
}

static void take_descriptors(const child_context *child) {
  const tend_launch *launch = child->launch;
  // Out of the way first, so that neither is overwritten by the other.
  int input = fcntl(launch->input, F_DUPFD_CLOEXEC, 3);
  check(child, TEND_STEP_DESCRIPTORS, input);
  int output = fcntl(launch->output, F_DUPFD_CLOEXEC, 3);
  check(child, TEND_STEP_DESCRIPTORS, output);
  check(child, TEND_STEP_DESCRIPTORS, dup2(input, 0));
  check(child, TEND_STEP_DESCRIPTORS, dup2(output, 1));
  check(child, TEND_STEP_DESCRIPTORS, dup2(output, 2));
  check(child, TEND_STEP_DESCRIPTORS, syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC));
}

static void join_cgroups(const child_context *child) {
  const tend_launch *launch = child->launch;
  for (size_t index = 0; index < launch->joined_count; index++) {
    check(child, TEND_STEP_CGROUP, write(launch->joined[index], "0", 1));
  }
}

static void limit_descriptors(const child_context *child) {
  const tend_launch *launch = child->launch;
  if (launch->open_files == 0) return;
  struct rlimit limit = {launch->open_files, launch->open_files};
  check(child, TEND_STEP_LIMIT, setrlimit(RLIMIT_NOFILE, &limit));
}

/// The system calls themselves: the library's functions would change all threads of the parent.
static void become_user(const child_context *child) {
  const tend_launch *launch = child->launch;
  if (!launch->switches_user) return;
  check(child, TEND_STEP_GROUP, syscall(SYS_setgroups, launch->group_count, launch->groups));
  check(child, TEND_STEP_GROUP,
        syscall(SYS_setresgid, launch->group, launch->group, launch->group));
  check(child, TEND_STEP_USER, syscall(SYS_setresuid, launch->user, launch->user, launch->user));
}

static int failing(tend_launch_failure *failure, int step, int error) {
  failure->step = step;
  failure->error = error;
  return -1;
}

/// Whether a program's first bytes say what runs it; a script's interpreter is named in `head`.
static int rehearse_head(char *head, ssize_t length, tend_launch_failure *failure) {
  if (length == 0) return failing(failure, TEND_STEP_PROGRAM, ENOEXEC);
  head[length] = 0;
  if (length < 2 || head[0] != '#' || head[1] != '!') {
    return memchr(head, 0, (size_t)length) ? 0 : failing(failure, TEND_STEP_PROGRAM, ENOEXEC);
  }
  char *name = head + 2;
  while (*name == ' ' || *name == '\t') name++;
  char *end = name;
  while (*end && *end != ' ' && *end != '\t' && *end != '\n') end++;
  *end = 0;
  if (syscall(SYS_faccessat2, AT_FDCWD, name, X_OK, AT_EACCESS) < 0) {
    return failing(failure, TEND_STEP_INTERPRETER, errno);
  }
  return 0;
}

/// Whether the program, or a script's interpreter, is there; what is no script is left to exec.
static int rehearse_program(const tend_launch *launch, tend_launch_failure *failure) {
  if (syscall(SYS_faccessat2, AT_FDCWD, launch->program, X_OK, AT_EACCESS) < 0) {
    return failing(failure, TEND_STEP_PROGRAM, errno);
  }
  char head[256];
  int file = open(launch->program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  // A program may be executed by those who can't read it.
  if (file < 0) return 0;
  ssize_t length = read(file, head, sizeof head - 1);
  int error = errno;
  close(file);
  if (length < 0) return failing(failure, TEND_STEP_PROGRAM, error == EISDIR ? EACCES : error);
  return rehearse_head(head, length, failure);
}

static int run(void *context) {
  const child_context *child = context;
  const tend_launch *launch = child->launch;
  check(child, TEND_STEP_SESSION, setsid());
  reset_signals();
  join_cgroups(child);
  leave_descriptors(child);
  take_descriptors(child);
  limit_descriptors(child);
  become_user(child);
  umask(022);
  check(child, TEND_STEP_DIRECTORY, chdir(launch->directory));
  if (launch->is_rehearsal) {
    syscall(SYS_exit_group, rehearse_program(launch, child->failure) < 0 ? 127 : 0);
    __builtin_unreachable();
  }
  execve(launch->program, launch->arguments, launch->environment);
  // An interpreter that is missing reads like a program that is.
  int error = errno;
  if (error == ENOENT && access(launch->program, F_OK) == 0) {
    fail(child, TEND_STEP_INTERPRETER, error);
  }
  fail(child, TEND_STEP_PROGRAM, error);
  return 127;
}

// In the parent again.

#if defined(__x86_64__)
/// clone3(2) onto another stack, where it calls `entry`: the library has no function for it.
static long clone_onto(struct clone_args *arguments, int (*entry)(void *), void *context) {
  register int (*child_entry)(void *) __asm__("r12") = entry;
  register void *child_context __asm__("r13") = context;
  long result;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"((long)SYS_clone3), "D"(arguments), "S"(sizeof *arguments), "r"(child_entry),
        "r"(child_context)
      : "rcx", "r11", "memory", "cc");
  return result;
}
#define HAS_CLONE_ONTO 1
#elif defined(__aarch64__)
/// clone3(2) onto another stack, where it calls `entry`: the library has no function for it.
static long clone_onto(struct clone_args *arguments, int (*entry)(void *), void *context) {
  register long number __asm__("x8") = SYS_clone3;
  register long first __asm__("x0") = (long)arguments;
  register long second __asm__("x1") = sizeof *arguments;
  register int (*child_entry)(void *) __asm__("x19") = entry;
  register void *child_context __asm__("x20") = context;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "mov x0, x20\n\t"
      "blr x19\n\t"
      "brk #0\n"
      "1:"
      : "+r"(first)
      : "r"(number), "r"(second), "r"(child_entry), "r"(child_context)
      : "memory", "cc");
  return first;
}
#define HAS_CLONE_ONTO 1
#else
#define HAS_CLONE_ONTO 0
#endif

/// A child that shares memory and holds its parent up until its program runs or it has ended.
static pid_t make_child(child_context *child, char *stack, int *pidfd) {
  const tend_launch *launch = child->launch;
#if HAS_CLONE_ONTO
  struct clone_args arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD;
  arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
  arguments.exit_signal = SIGCHLD;
  arguments.stack = (uint64_t)(uintptr_t)stack;
  arguments.stack_size = STACK_SIZE;
  if (launch->cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (uint64_t)launch->cgroup;
  }
  long result = clone_onto(&arguments, run, child);
  if (result < 0) errno = (int)-result;
  return result < 0 ? -1 : (pid_t)result;
#else
  if (launch->cgroup >= 0) {
    errno = ENOSYS;
    return -1;
  }
  return clone(run, stack + STACK_SIZE,
               CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, child, pidfd);
#endif
}

/// Where nothing is switched, all that could fail can be asked for without a process.
static int rehearse_here(const tend_launch *launch, tend_launch_failure *failure) {
  int directory = open(launch->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return failing(failure, TEND_STEP_DIRECTORY, errno);
  long result = syscall(SYS_faccessat2, directory, ".", X_OK, AT_EACCESS);
  int error = errno;
  close(directory);
  if (result < 0) return failing(failure, TEND_STEP_DIRECTORY, error);
  return rehearse_program(launch, failure);
}

pid_t tend_start(const tend_launch *launch, int *pidfd, tend_launch_failure *failure) {
  failure->step = 0;
  failure->error = 0;
  *pidfd = -1;
  if (launch->is_rehearsal && !launch->switches_user && launch->open_files == 0) {
    return rehearse_here(launch, failure);
  }
  // The child has it for itself: this function waits until the child needs it no more.
  char stack[STACK_SIZE] __attribute__((aligned(64)));
  child_context child = {launch, failure};
  // No handler of the parent may run in the child, which has its memory.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t process = make_child(&child, stack, pidfd);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (process < 0) {
    failure->step = error == ENOSYS && launch->cgroup >= 0 ? TEND_STEP_CGROUP : TEND_STEP_CLONE;
    failure->error = error;
    return -1;
  }
  if (failure->step == 0 && !launch->is_rehearsal) return process;
  siginfo_t info;
  while (waitid(P_PID, (id_t)process, &info, WEXITED) < 0 && errno == EINTR) continue;
  close(*pidfd);
  *pidfd = -1;
  return failure->step == 0 ? 0 : -1;
}

int tend_start_holder(const char *directory, int uses_cgroups) {
  pid_t middle = fork();
  if (middle < 0) return -errno;
  if (middle == 0) {
    // Between fork and exec: plain system calls only, as other threads may hold locks.
    setsid();
    pid_t last = fork();
    if (last != 0) _exit(last < 0 ? 1 : 0);
    reset_signals();
    // It outlives whatever it is started from, and holds no file system busy.
    if (chdir("/") < 0) _exit(1);
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0) {
      _exit(1);
    }
    syscall(SYS_close_range, 3U, ~0U, 0U);
    // A name of its own tells it apart, in a listing and to itself.
    char *const arguments[] = {
        "tend-holder", (char *)directory, uses_cgroups ? "cgroups" : "sessions", NULL};
    char *const environment[] = {NULL};
    execve("/proc/self/exe", arguments, environment);
    _exit(1);
  }
  int status = 0;
  while (waitpid(middle, &status, 0) < 0) {
    if (errno != EINTR) return -errno;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EAGAIN;
}
