#define _GNU_SOURCE
#include "CTendFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// A command runs below a keeper, a process of its own that is forked and never executes another
// program: it adopts whatever the command leaves behind (PR_SET_CHILD_SUBREAPER), so that the whole
// tree can be ended, also when the agent is killed. Between fork and exec only what is safe after a
// fork of a process with threads is called.

enum { group_limit = 256, account_limit = 65536 };

struct identity {
  uint32_t user, group;
  gid_t groups[group_limit];
  int count, changes;
};

/// The groups of a user, looked up before the fork.
static int find_identity(uint32_t user, uint32_t group, struct identity *identity) {
  *identity = (struct identity){.user = user, .group = group, .changes = user != geteuid()};
  if (!identity->changes) return 0;
  struct passwd entry, *found = NULL;
  char *buffer = malloc(account_limit);
  if (!buffer) return -ENOMEM;
  getpwuid_r(user, &entry, buffer, account_limit, &found);
  if (found) {
    identity->group = entry.pw_gid;
    identity->count = group_limit;
    if (getgrouplist(entry.pw_name, entry.pw_gid, identity->groups, &identity->count) < 0)
      identity->count = group_limit;
  }
  free(buffer);
  return 0;
}

static int become(const struct identity *identity) {
  if (!identity->changes) return 0;
  return setgroups(identity->count, identity->groups) || setgid(identity->group) || setuid(identity->user);
}

/// Keeps the standard descriptors and one more; moves that to 3.
static int close_others(int kept) {
  int moved = kept == 3 ? 3 : dup2(kept, 3);
  if (moved >= 0) syscall(SYS_close_range, 4u, ~0u, 0u);
  return moved;
}

static void run_command(
    const char *const *arguments, const char *const *environment, const struct identity *identity, int output) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int input = open("/dev/null", O_RDONLY);
  if (input >= 0 && dup2(input, 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2 && chdir("/") == 0 &&
      become(identity) == 0) {
    syscall(SYS_close_range, 3u, ~0u, 0u);
    execvpe(arguments[0], (char *const *)arguments, (char *const *)environment);
  }
  int code = errno;
  // Told by the exit status of a command that never ran.
  _exit(code == ENOENT ? 127 : 126);
}

/// Ends whatever is left below the keeper.
static void end_tree(void) {
  for (;;) {
    char list[4096];
    ssize_t length = 0;
    int children = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (children >= 0) {
      length = read(children, list, sizeof list - 1);
      close(children);
    }
    pid_t child = 0;
    for (ssize_t index = 0; index < length; index++) {
      if (list[index] >= '0' && list[index] <= '9') {
        child = child * 10 + (list[index] - '0');
      } else {
        if (child > 0) kill(child, SIGKILL);
        child = 0;
      }
    }
    if (child > 0) kill(child, SIGKILL);
    // Each one that ends hands its own children to the keeper.
    if (waitpid(-1, NULL, 0) < 0 && errno != EINTR) return;
  }
}

static void take_output(int output, tend_command_end *end) {
  char scrap[4096];
  ssize_t count;
  while ((count = read(output, scrap, sizeof scrap)) > 0) {
    size_t room = sizeof end->text - end->size;
    size_t kept = (size_t)count < room ? (size_t)count : room;
    memcpy(end->text + end->size, scrap, kept);
    end->size += (uint32_t)kept;
    if (kept < (size_t)count) end->is_cut = 1;
  }
}

static void keep(pid_t command, int control, int output, int answer) {
  tend_command_end end = {0};
  int status = 0, has_ended = 0;
  int process = (int)syscall(SYS_pidfd_open, command, 0);
  struct pollfd ends[3] = {
      {.fd = process, .events = POLLIN}, {.fd = control, .events = POLLIN}, {.fd = output, .events = POLLIN}};
  while (!has_ended) {
    if (process < 0 || (poll(ends, 3, -1) < 0 && errno != EINTR)) break;
    if (ends[2].revents) take_output(output, &end);
    // All have closed it; it would be ready for ever.
    if (ends[2].revents & POLLHUP) ends[2].fd = -1;
    // Nobody writes to it: it ends when the agent lets go of it, or is gone.
    if (ends[1].revents) break;
    if (ends[0].revents) has_ended = waitpid(command, &status, 0) == command;
  }
  end_tree();
  take_output(output, &end);
  end.has_ended = (uint32_t)has_ended;
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  ssize_t ignored = write(answer, &end, sizeof end);
  (void)ignored;
}

static void be_keeper(
    const char *const *arguments, const char *const *environment, const struct identity *identity, int control,
    int answer) {
  // 0 control, 1 answer, 2 and 3 output: nothing else of the agent stays open.
  int pipe_ends[2];
  if (setsid() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) || dup2(control, 0) < 0 || dup2(answer, 1) < 0 ||
      pipe2(pipe_ends, O_CLOEXEC) || dup2(pipe_ends[0], 2) < 0 || close_others(pipe_ends[1]) < 0)
    _exit(1);
  fcntl(2, F_SETFL, O_NONBLOCK);
  pid_t command = fork();
  if (command == 0) run_command(arguments, environment, identity, 3);
  close(3);
  if (command < 0) _exit(1);
  keep(command, 0, 2, 1);
  _exit(0);
}

int tend_command_start(
    const char *const *arguments, const char *const *environment, uint32_t user, uint32_t group,
    tend_command *command) {
  struct identity identity;
  int control[2] = {-1, -1}, answer[2] = {-1, -1};
  int code = find_identity(user, group, &identity);
  if (code < 0) return code;
  if (pipe2(control, O_CLOEXEC) || pipe2(answer, O_CLOEXEC)) {
    code = -errno;
  } else {
    pid_t keeper = fork();
    // Above the numbers that the keeper gives them, should they be below.
    if (keeper == 0) {
      int far_control = fcntl(control[0], F_DUPFD_CLOEXEC, 10), far_answer = fcntl(answer[1], F_DUPFD_CLOEXEC, 10);
      close(control[1]);
      be_keeper(arguments, environment, &identity, far_control, far_answer);
    }
    if (keeper < 0) code = -errno;
    else *command = (tend_command){.keeper = keeper, .control = control[1], .answer = answer[0]};
  }
  if (control[0] >= 0) close(control[0]);
  if (answer[1] >= 0) close(answer[1]);
  if (code < 0 && control[1] >= 0) close(control[1]);
  if (code < 0 && answer[0] >= 0) close(answer[0]);
  return code;
}

void tend_command_stop(tend_command *command) {
  if (command->control >= 0) close(command->control);
  command->control = -1;
}

int tend_command_finish(tend_command *command, tend_command_end *end) {
  tend_command_stop(command);
  ssize_t count = tend_read(command->answer, end, sizeof *end);
  close(command->answer);
  int status;
  while (waitpid(command->keeper, &status, 0) < 0 && errno == EINTR) {
  }
  if (count < 0) return (int)count;
  return count == sizeof *end ? 0 : -ECHILD;
}
