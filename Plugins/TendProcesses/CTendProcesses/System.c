#define _GNU_SOURCE
#include "CTendProcesses.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int result_of(long result) { return result < 0 ? -errno : (int)result; }

// Identities of processes

/// Reads a small file whole and ends it with a NUL: its length.
static ssize_t read_small(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? -ESRCH : -errno;
  ssize_t length = read(file, text, size - 1);
  int error = errno;
  close(file);
  if (length < 0) return -error;
  text[length] = 0;
  return length;
}

/// The fields of /proc/PID/stat after the name, which may hold anything; see proc_pid_stat(5).
static int read_stat(pid_t process, pid_t *parent, pid_t *session, int64_t *start) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  ssize_t length = read_small(path, text, sizeof text);
  if (length < 0) return (int)length;
  char *rest = strrchr(text, ')');
  char state;
  int parent_id, group, session_id;
  unsigned long long started;
  if (!rest ||
      sscanf(rest + 1, " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
             &state, &parent_id, &group, &session_id, &started) != 5) {
    return -EIO;
  }
  if (parent) *parent = parent_id;
  if (session) *session = session_id;
  if (start) *start = (int64_t)started;
  return 0;
}

int64_t tend_start_time(pid_t process) {
  int64_t start;
  int result = read_stat(process, NULL, NULL, &start);
  return result < 0 ? result : start;
}

int64_t tend_uptime(pid_t process) {
  int64_t started = tend_start_time(process);
  if (started < 0) return started;
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - started * tick;
}

pid_t tend_own_process(void) { return getpid(); }
pid_t tend_session(pid_t process) { return result_of(getsid(process)); }

int64_t tend_user_of(pid_t process) {
  char path[64];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d", process);
  return stat(path, &status) < 0 ? -errno : (int64_t)status.st_uid;
}

int tend_boot_id(char id[37]) {
  char text[64];
  ssize_t length = read_small("/proc/sys/kernel/random/boot_id", text, sizeof text);
  if (length < 36) return length < 0 ? (int)length : -EIO;
  memcpy(id, text, 36);
  id[36] = 0;
  return 0;
}

int tend_pidfd(pid_t process) { return result_of(syscall(SYS_pidfd_open, process, 0)); }

int tend_signal(int pidfd, int number) {
  return result_of(syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0));
}

int tend_has_ended(int pidfd) {
  struct pollfd entry = {.fd = pidfd, .events = POLLIN};
  return poll(&entry, 1, 0) > 0;
}

pid_t tend_reap(int *status) {
  pid_t process;
  while ((process = waitpid(-1, status, WNOHANG)) < 0 && errno == EINTR) continue;
  return process < 0 ? 0 : process;
}

int tend_status_is_signal(int status) { return WIFSIGNALED(status); }
int tend_status_value(int status) {
  return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

ssize_t tend_children(pid_t *children, size_t count) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  FILE *file = fopen(path, "re");
  if (!file) return -errno;
  size_t found = 0;
  int process;
  while (found < count && fscanf(file, "%d", &process) == 1) children[found++] = process;
  fclose(file);
  return (ssize_t)found;
}

int tend_has_environment(pid_t process, const char *entry) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", process);
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  char *text = NULL;
  size_t size = 0;
  int found = 0;
  while (!found && getdelim(&text, &size, 0, file) > 0) found = strcmp(text, entry) == 0;
  free(text);
  fclose(file);
  return found;
}

ssize_t tend_environment(pid_t process, const char *name, char *value, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", process);
  FILE *file = fopen(path, "re");
  if (!file) return -errno;
  char *text = NULL;
  size_t room = 0, length = strlen(name);
  ssize_t result = -ENOENT, read;
  while (result < 0 && (read = getdelim(&text, &room, 0, file)) > 0) {
    if (strncmp(text, name, length) != 0 || text[length] != '=') continue;
    snprintf(value, size, "%s", text + length + 1);
    result = (ssize_t)strlen(value);
  }
  free(text);
  fclose(file);
  return result;
}

ssize_t tend_processes(tend_process_entry *entries, size_t count) {
  DIR *directory = opendir("/proc");
  if (!directory) return -errno;
  size_t found = 0;
  struct dirent *entry;
  while (found < count && (entry = readdir(directory))) {
    char *end;
    long process = strtol(entry->d_name, &end, 10);
    if (*end || process <= 0) continue;
    tend_process_entry *next = &entries[found];
    next->process = (pid_t)process;
    if (read_stat(next->process, &next->parent, &next->session, NULL) == 0) found++;
  }
  closedir(directory);
  return (ssize_t)found;
}

// The holder's loop

int tend_become_subreaper(void) { return result_of(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }

void tend_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int tend_watch_children(void) {
  sigset_t blocked, children;
  sigfillset(&blocked);
  const int mistakes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
  for (size_t index = 0; index < sizeof mistakes / sizeof *mistakes; index++) {
    sigdelset(&blocked, mistakes[index]);
  }
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  return result_of(signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC));
}

void tend_drain_signals(int descriptor) {
  struct signalfd_siginfo information[16];
  // One of a kind is all that there can be.
  while (read(descriptor, information, sizeof information) == sizeof information) continue;
}

int tend_poll_make(void) { return result_of(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int poll, int operation, int descriptor, uint64_t token, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return result_of(epoll_ctl(poll, operation, descriptor, &event));
}

int tend_poll_add(int poll, int descriptor, uint64_t token, uint32_t events) {
  return control(poll, EPOLL_CTL_ADD, descriptor, token, events);
}

int tend_poll_change(int poll, int descriptor, uint64_t token, uint32_t events) {
  return control(poll, EPOLL_CTL_MOD, descriptor, token, events);
}

void tend_poll_remove(int poll, int descriptor) {
  control(poll, EPOLL_CTL_DEL, descriptor, 0, 0);
}

int tend_poll_wait(int poll, tend_event *events, int count, int milliseconds) {
  struct epoll_event found[64];
  if (count > 64) count = 64;
  int result = epoll_wait(poll, found, count, milliseconds);
  if (result < 0) return errno == EINTR ? 0 : -errno;
  for (int index = 0; index < result; index++) {
    events[index].token = found[index].data.u64;
    events[index].events = found[index].events;
  }
  return result;
}

static int64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t tend_monotonic(void) { return now(CLOCK_MONOTONIC); }
int64_t tend_wall_clock(void) { return now(CLOCK_REALTIME); }

// Sockets and pipes

/// The address of a socket below a held directory, which is short however long the path is.
static int address_of(int directory, const char *name, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s",
                        directory, name);
  return length < (int)sizeof address->sun_path ? 0 : -ENAMETOOLONG;
}

int tend_listen(int directory, const char *name) {
  struct sockaddr_un address;
  if (address_of(directory, name, &address) < 0) return -ENAMETOOLONG;
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return -errno;
  unlinkat(directory, name, 0);
  mode_t before = umask(0177);
  int bound = bind(listener, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (bound < 0 || listen(listener, 64) < 0) {
    int error = errno;
    close(listener);
    return -error;
  }
  return listener;
}

int tend_accept(int listener) {
  return result_of(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

int tend_connect(int directory, const char *name, int milliseconds) {
  struct sockaddr_un address;
  if (address_of(directory, name, &address) < 0) return -ENAMETOOLONG;
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  struct timeval patience = {milliseconds / 1000, milliseconds % 1000 * 1000};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int64_t tend_peer(int socket) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -errno;
  return peer.uid;
}

void tend_shut(int socket) { shutdown(socket, SHUT_RDWR); }

/// An abstract address (unix(7)); its length says where the name ends.
static socklen_t abstract_address(const char *name, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  size_t length = strnlen(name, sizeof address->sun_path - 1);
  memcpy(address->sun_path + 1, name, length);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

int tend_notice_socket(const char *name) {
  struct sockaddr_un address;
  socklen_t size = abstract_address(name, &address);
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -errno;
  int on = 1;
  if (setsockopt(descriptor, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
      bind(descriptor, (struct sockaddr *)&address, size) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

/// Descriptors that come with a notice (FDSTORE) are not kept.
static void close_received(struct cmsghdr *header) {
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t index = 0; index < count; index++) {
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof descriptor);
    close(descriptor);
  }
}

ssize_t tend_receive_notice(int socket, char *text, size_t size, pid_t *process, uint32_t *user) {
  struct iovec part = {text, size};
  union {
    char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(16 * sizeof(int))];
    struct cmsghdr header;
  } control;
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (length < 0) return -errno;
  *process = 0;
  *user = ~0U;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_RIGHTS) close_received(header);
    if (header->cmsg_type != SCM_CREDENTIALS) continue;
    struct ucred sender;
    memcpy(&sender, CMSG_DATA(header), sizeof sender);
    *process = sender.pid;
    *user = sender.uid;
  }
  return length;
}

int tend_send_notice(const char *name, const char *text) {
  struct sockaddr_un address;
  socklen_t size = abstract_address(name, &address);
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  ssize_t sent = sendto(descriptor, text, strlen(text), 0, (struct sockaddr *)&address, size);
  int error = errno;
  close(descriptor);
  return sent < 0 ? -error : 0;
}

int tend_begin_connect(const char *address, uint16_t port) {
  struct sockaddr_in first = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 second = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  int is_first = inet_pton(AF_INET, address, &first.sin_addr) == 1;
  if (!is_first && inet_pton(AF_INET6, address, &second.sin6_addr) != 1) return -EINVAL;
  int descriptor =
      socket(is_first ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -errno;
  struct sockaddr *target = is_first ? (struct sockaddr *)&first : (struct sockaddr *)&second;
  socklen_t size = is_first ? sizeof first : sizeof second;
  if (connect(descriptor, target, size) < 0 && errno != EINPROGRESS) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int tend_connect_result(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return -errno;
  return -error;
}

int tend_make_pipe(int directory, const char *name, int64_t user) {
  if (mkfifoat(directory, name, 0600) < 0 && errno != EEXIST) return -errno;
  int descriptor =
      openat(directory, name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return -errno;
  struct stat status;
  if (fstat(descriptor, &status) < 0 || !S_ISFIFO(status.st_mode)) {
    close(descriptor);
    return -EINVAL;
  }
  // So that the process may open its own output again, as /dev/stdout.
  if (user >= 0 && (int64_t)status.st_uid != user && fchown(descriptor, (uid_t)user, -1) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int tend_open_pipe(int directory, const char *name) {
  // For both ends: then it outlives a holder that dies, and writing to it is no SIGPIPE meanwhile.
  return result_of(openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW));
}

int tend_remove_idle_pipe(int directory, const char *name) {
  // Whoever writes to one of ours has it open for both, and would be a reader.
  int descriptor = openat(directory, name, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor >= 0) close(descriptor);
  if (descriptor >= 0 || errno != ENXIO) return -EBUSY;
  return result_of(unlinkat(directory, name, 0));
}

// Users and limits

enum { ACCOUNT_SIZE = 16 << 10 };

static int64_t take_account(struct passwd *account, uint32_t *group, char *home, size_t size) {
  *group = account->pw_gid;
  snprintf(home, size, "%s", account->pw_dir);
  return account->pw_uid;
}

int64_t tend_find_account(const char *name, uint32_t *group, char *home, size_t size) {
  struct passwd account, *found;
  char text[ACCOUNT_SIZE];
  int error = getpwnam_r(name, &account, text, sizeof text, &found);
  if (error) return -error;
  return found ? take_account(found, group, home, size) : -ENOENT;
}

int tend_find_account_name(uint32_t user, uint32_t *group, char *name, char *home, size_t size) {
  struct passwd account, *found;
  char text[ACCOUNT_SIZE];
  int error = getpwuid_r(user, &account, text, sizeof text, &found);
  if (error) return -error;
  if (!found) return -ENOENT;
  take_account(found, group, home, size);
  snprintf(name, size, "%s", found->pw_name);
  return 0;
}

int64_t tend_find_group_number(const char *name) {
  struct group group, *found;
  char text[ACCOUNT_SIZE];
  int error = getgrnam_r(name, &group, text, sizeof text, &found);
  if (error) return -error;
  return found ? (int64_t)found->gr_gid : -ENOENT;
}

ssize_t tend_groups_of(const char *name, uint32_t group, uint32_t *groups, size_t count) {
  int size = (int)count;
  gid_t *list = (gid_t *)groups;
  if (getgrouplist(name, group, list, &size) < 0) return -ENOSPC;
  return size;
}

uint32_t tend_user(void) { return geteuid(); }
uint32_t tend_group(void) { return getegid(); }

uint64_t tend_descriptor_limit(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_max;
}

long tend_page_size(void) { return sysconf(_SC_PAGESIZE); }

const char *tend_error_words(int code) { return strerrordesc_np(code) ?: "unknown error"; }

int tend_may_write(const char *path) {
  return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}
