/* Runs a program, counts the calls by which it changes something, and lets one of them fail.
 *
 *   failpoint LOG FAULT NUMBER PROGRAM ARGUMENT...
 *
 * FAULT: kill (SIGKILL to the program before the call is made), short (half of what was to be written
 * is), or the name of an error that the call returns without being made: EIO, ENOSPC, EINTR. NUMBER
 * counts from 1 over all threads and all children together, so that every call can be hit whichever
 * thread makes it; 0 lets none fail. LOG gets a line a call: "call", or "failed" for that one, then
 * number, name and what it is about. Ends as the program did; children that outlive it go on
 * untouched.
 *
 * For kill, counted are calls that change files or names, that send to a socket or receive from one,
 * and that start or signal processes; what threads say to each other by eventfd or memory is left
 * out. For short and errors, only those that change files or names. Exit status 125 without a run:
 * tracing is not permitted here, or not known for this kind of processor. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_TRACE = 125, FAILED = 126, PATH_SIZE = 256 };

/* How to find out from its arguments whether a call counts. */
typedef enum {
  WRITES,    /* to the descriptor of its first argument, what the third says at most */
  CHANGES,   /* the file of its first argument */
  RECEIVES,  /* counts where the descriptor is a socket */
  NAMES,     /* changes names */
  OPENS,     /* counts where the flags say that it makes or empties a file */
  OPENS_HOW, /* the same with the flags in memory */
  PROCESSES, /* starts or signals */
} Sort;

typedef struct {
  long number;
  const char *name;
  Sort sort;
  int path; /* the argument that is a path, or -1 */
} Call;

static const Call calls[] = {
    {SYS_write, "write", WRITES, -1},
    {SYS_pwrite64, "pwrite64", WRITES, -1},
    {SYS_writev, "writev", CHANGES, -1},
    {SYS_pwritev, "pwritev", CHANGES, -1},
    {SYS_pwritev2, "pwritev2", CHANGES, -1},
    {SYS_sendfile, "sendfile", CHANGES, -1},
    {SYS_ftruncate, "ftruncate", CHANGES, -1},
    {SYS_fallocate, "fallocate", CHANGES, -1},
    {SYS_fsync, "fsync", CHANGES, -1},
    {SYS_fdatasync, "fdatasync", CHANGES, -1},
    {SYS_fchmod, "fchmod", CHANGES, -1},
    {SYS_fchown, "fchown", CHANGES, -1},
    {SYS_fsetxattr, "fsetxattr", CHANGES, -1},
    {SYS_sendto, "sendto", CHANGES, -1},
    {SYS_sendmsg, "sendmsg", CHANGES, -1},
    {SYS_read, "read", RECEIVES, -1},
    {SYS_readv, "readv", RECEIVES, -1},
    {SYS_recvfrom, "recvfrom", RECEIVES, -1},
    {SYS_recvmsg, "recvmsg", RECEIVES, -1},
    {SYS_mkdirat, "mkdirat", NAMES, 1},
    {SYS_mknodat, "mknodat", NAMES, 1},
    {SYS_renameat2, "renameat2", NAMES, 3},
    {SYS_linkat, "linkat", NAMES, 3},
    {SYS_symlinkat, "symlinkat", NAMES, 2},
    {SYS_unlinkat, "unlinkat", NAMES, 1},
    {SYS_fchmodat, "fchmodat", NAMES, 1},
    {SYS_fchownat, "fchownat", NAMES, 1},
    {SYS_utimensat, "utimensat", NAMES, 1},
    {SYS_truncate, "truncate", NAMES, 0},
#ifdef SYS_rename /* These have successors only, where the processor is younger than they are. */
    {SYS_mkdir, "mkdir", NAMES, 0},
    {SYS_rmdir, "rmdir", NAMES, 0},
    {SYS_rename, "rename", NAMES, 1},
    {SYS_link, "link", NAMES, 1},
    {SYS_symlink, "symlink", NAMES, 1},
    {SYS_unlink, "unlink", NAMES, 0},
    {SYS_chmod, "chmod", NAMES, 0},
    {SYS_chown, "chown", NAMES, 0},
    {SYS_lchown, "lchown", NAMES, 0},
#endif
#ifdef SYS_renameat
    {SYS_renameat, "renameat", NAMES, 3},
#endif
    {SYS_openat, "openat", OPENS, 1},
    {SYS_openat2, "openat2", OPENS_HOW, 1},
    {SYS_execve, "execve", PROCESSES, 0},
    {SYS_kill, "kill", PROCESSES, -1},
    {SYS_pidfd_send_signal, "pidfd_send_signal", PROCESSES, -1},
};

typedef enum { KILL, SHORT, ERROR } Fault;

static Fault fault;
static int error_number;
static long at;         /* the number of the call that fails */
static long count;      /* of the calls so far */
static pid_t program;   /* what was started; its children are traced as well */
static pid_t refused;   /* the thread whose call was replaced and has still to return */
static FILE *trace;

static void fail(int status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "failpoint: ");
  vfprintf(stderr, format, list);
  fprintf(stderr, ": %s\n", strerror(errno));
  va_end(list);
  exit(status);
}

/* The processor's registers of a thread in a stop. */

#if defined(__x86_64__)
static void set_call(pid_t thread, long number) {
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, thread, 0, &registers);
  registers.orig_rax = (unsigned long long)number;
  ptrace(PTRACE_SETREGS, thread, 0, &registers);
}

static void set_result(pid_t thread, long result) {
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, thread, 0, &registers);
  registers.rax = (unsigned long long)result;
  ptrace(PTRACE_SETREGS, thread, 0, &registers);
}

static void set_length(pid_t thread, uint64_t length) {
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, thread, 0, &registers);
  registers.rdx = length;
  ptrace(PTRACE_SETREGS, thread, 0, &registers);
}
#elif defined(__aarch64__)
static void set_register(pid_t thread, int index, uint64_t value) {
  struct user_regs_struct registers;
  struct iovec all = {&registers, sizeof registers};
  ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &all);
  registers.regs[index] = value;
  ptrace(PTRACE_SETREGSET, thread, (void *)NT_PRSTATUS, &all);
}

static void set_call(pid_t thread, long number) {
  int call = (int)number;
  struct iovec all = {&call, sizeof call};
  ptrace(PTRACE_SETREGSET, thread, (void *)0x404 /* NT_ARM_SYSTEM_CALL */, &all);
}

static void set_result(pid_t thread, long result) { set_register(thread, 0, (uint64_t)result); }
static void set_length(pid_t thread, uint64_t length) { set_register(thread, 2, length); }
#else
static void set_call(pid_t thread, long number) { (void)thread, (void)number; exit(CANNOT_TRACE); }
static void set_result(pid_t thread, long result) { (void)thread, (void)result; }
static void set_length(pid_t thread, uint64_t length) { (void)thread, (void)length; }
#endif

/* What a call is about. */

static const Call *find(uint64_t number) {
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if ((uint64_t)calls[i].number == number) return &calls[i];
  return NULL;
}

/* Copies memory of a thread; gives how much there was, which may be less up to the next page. */
static size_t peek(pid_t thread, uint64_t address, void *into, size_t size) {
  const size_t page = 4096;
  size_t whole = size;
  if (address % page + size > page) whole = page - address % page;
  struct iovec local = {into, whole}, remote = {(void *)(uintptr_t)address, whole};
  ssize_t got = process_vm_readv(thread, &local, 1, &remote, 1, 0);
  return got < 0 ? 0 : (size_t)got;
}

static void read_text(pid_t thread, uint64_t address, char text[PATH_SIZE]) {
  text[peek(thread, address, text, PATH_SIZE - 1)] = 0;
}

/* What a descriptor leads to: a path, or a name such as socket:[1]. */
static void read_link(pid_t thread, uint64_t descriptor, char text[PATH_SIZE]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, (int)descriptor);
  ssize_t got = readlink(link, text, PATH_SIZE - 1);
  text[got < 0 ? 0 : got] = 0;
}

static int has_prefix(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int makes_files(uint64_t flags) {
  return (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

static int counts_file(const char *path) {
  return !has_prefix(path, "anon_inode:") && !has_prefix(path, "/memfd:") && *path;
}

/* Whether a call changes something; fills in what it is about. */
static int changes(pid_t thread, const Call *call, const __uint64_t *arguments, char text[PATH_SIZE]) {
  uint64_t flags = 0;
  text[0] = 0;
  if (call->path >= 0) {
    read_text(thread, arguments[call->path], text);
  } else if (call->sort != PROCESSES) {
    read_link(thread, arguments[0], text);
  }
  switch (call->sort) {
    case WRITES: return counts_file(text);
    case CHANGES: return counts_file(text);
    case RECEIVES: return has_prefix(text, "socket:");
    case OPENS: return makes_files(arguments[2]);
    case OPENS_HOW:
      return peek(thread, arguments[2], &flags, sizeof flags) == sizeof flags && makes_files(flags);
    case NAMES: case PROCESSES: return 1;
  }
  return 0;
}

/* An error of a disk befalls what lies on one. */
static int is_on_disk(const Call *call, const char *text) {
  if (call->sort == PROCESSES || call->sort == RECEIVES) return 0;
  if (call->path >= 0) return 1;
  if (has_prefix(text, "/dev/") && !has_prefix(text, "/dev/shm/")) return 0;
  return text[0] == '/' && !has_prefix(text, "/proc/");
}

/* Whether a call can fail in the way that was asked for. */
static int suits(const Call *call, const __uint64_t *arguments, const char *text) {
  if (fault == KILL) return 1;
  if (!is_on_disk(call, text)) return 0;
  if (fault == SHORT) return call->sort == WRITES && arguments[2] > 1;
  return error_number != EINTR || call->sort == WRITES;
}

/* Lets the call fail that a thread is about to make. */
static void inject(pid_t thread, const __uint64_t *arguments) {
  switch (fault) {
    case KILL: kill(program, SIGKILL); return;
    case SHORT: set_length(thread, arguments[2] / 2); return;
    case ERROR:
      set_call(thread, -1);
      refused = thread;
      return;
  }
}

static void enter(pid_t thread, const struct __ptrace_syscall_info *info) {
  char text[PATH_SIZE];
  const Call *call = find(info->entry.nr);
  if (!call || !changes(thread, call, info->entry.args, text)) return;
  if (!suits(call, info->entry.args, text)) return;
  count++;
  if (count == at) inject(thread, info->entry.args);
  fprintf(trace, "%s %ld %s %s\n", count == at ? "failed" : "call", count, call->name, text);
}

static void stop_at_call(pid_t thread) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) enter(thread, &info);
  if (info.op == PTRACE_SYSCALL_INFO_EXIT && refused == thread) {
    set_result(thread, -error_number);
    refused = 0;
  }
}

/* Starts the program, held until it is traced. */
static void start(char **line) {
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) < 0) fail(FAILED, "pipe2");
  program = fork();
  if (program < 0) fail(FAILED, "fork");
  if (program == 0) {
    char byte;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 1) _exit(FAILED);
    execv(line[0], line);
    _exit(127);
  }
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK
    | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
  if (ptrace(PTRACE_SEIZE, program, 0, options) < 0) {
    kill(program, SIGKILL);
    fail(CANNOT_TRACE, "ptrace is not permitted");
  }
  if (write(gate[1], "", 1) != 1) fail(FAILED, "write");
}

/* Ends as the program did. */
static void end(int status) {
  fclose(trace);
  if (!WIFSIGNALED(status)) exit(WEXITSTATUS(status));
  signal(WTERMSIG(status), SIG_DFL);
  raise(WTERMSIG(status));
  exit(FAILED);
}

/* Lets a stopped thread go on, to its next call. */
static void go_on(pid_t thread, int status) {
  int event = status >> 16, sign = WSTOPSIG(status);
  if (event == PTRACE_EVENT_STOP && sign != SIGTRAP) {
    ptrace(PTRACE_LISTEN, thread, 0, 0);
  } else {
    int is_signal = event == 0 && sign != (SIGTRAP | 0x80);
    ptrace(PTRACE_SYSCALL, thread, 0, is_signal ? sign : 0);
  }
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: failpoint LOG kill|short|EIO|ENOSPC|EINTR NUMBER PROGRAM...\n");
    return 64;
  }
  const char *name = argv[2];
  error_number = strcmp(name, "EIO") == 0 ? EIO : strcmp(name, "ENOSPC") == 0 ? ENOSPC : EINTR;
  fault = strcmp(name, "kill") == 0 ? KILL : strcmp(name, "short") == 0 ? SHORT : ERROR;
  at = atol(argv[3]);
  trace = fopen(argv[1], "we");
  if (!trace) fail(FAILED, "can't write %s", argv[1]);
  start(argv + 4);
  for (;;) {
    int status;
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) fail(FAILED, "waitpid");
    if (!WIFSTOPPED(status)) {
      if (thread == program) end(status);
      continue;
    }
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) stop_at_call(thread);
    go_on(thread, status);
  }
}
