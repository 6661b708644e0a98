#ifndef CTENDPROCESSES_H
#define CTENDPROCESSES_H

// The system calls of Linux that a supervisor needs and Swift can't reach by itself. Each returns a
// value of zero or more, or a negated errno, unless its comment says otherwise. Every descriptor
// that is made here is closed on exec.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Starting a process

/// The step at which a start failed.
enum {
  TEND_STEP_CLONE = 1,
  TEND_STEP_SESSION,
  TEND_STEP_DESCRIPTORS,
  TEND_STEP_CGROUP,
  TEND_STEP_LIMIT,
  TEND_STEP_GROUP,
  TEND_STEP_USER,
  TEND_STEP_DIRECTORY,
  TEND_STEP_PROGRAM,
  TEND_STEP_INTERPRETER,
};

/// Everything that a new process gets; nothing else is inherited.
typedef struct {
  const char *program;
  char *const *arguments;
  char *const *environment;
  const char *directory;
  /// What becomes 0, and what becomes 1 and 2.
  int input, output;
  /// Switches to this user, group and supplementary groups where `switches_user` is set.
  int switches_user;
  uint32_t user, group;
  const uint32_t *groups;
  size_t group_count;
  /// RLIMIT_NOFILE; 0 leaves it.
  uint64_t open_files;
  /// A directory of a cgroup v2 tree that it is born into, or -1.
  int cgroup;
  /// Open files `cgroup.procs` of cgroup v1 trees that it joins.
  const int *joined;
  size_t joined_count;
  /// Does all but the last step, and looks whether that one could work.
  int is_rehearsal;
} tend_launch;

/// Where and why a start failed.
typedef struct {
  int step;
  int error;
} tend_launch_failure;

/// Starts a process as the leader of a session of its own, with no signal blocked or handled.
///
/// The answer is its id and, in `pidfd`, a descriptor for it. What fails before the program runs is
/// known when this returns: -1, and `failure` says what. A rehearsal leaves no process: 0 or -1.
/// Safe in a process with threads: the child touches nothing but its own stack and `failure`.
pid_t tend_start(const tend_launch *launch, int *pidfd, tend_launch_failure *failure);

/// Starts the holder, detached from this process and its session: this program under another name.
/// Without cgroups it finds descendants by session, mark and parent.
int tend_start_holder(const char *directory, int uses_cgroups);

// Identities of processes

/// When a process was started, in clock ticks since boot; -ESRCH where there is none.
int64_t tend_start_time(pid_t process);
/// For how long it has run, in nanoseconds, suspension of the machine included.
int64_t tend_uptime(pid_t process);
/// The session that a process belongs to.
pid_t tend_session(pid_t process);
pid_t tend_own_process(void);
/// The user that a process runs as.
int64_t tend_user_of(pid_t process);
/// The id of this boot, 36 characters; 0 where it is known.
int tend_boot_id(char id[37]);
int tend_pidfd(pid_t process);
int tend_signal(int pidfd, int number);
/// Whether what a pidfd stands for has ended: 1 or 0.
int tend_has_ended(int pidfd);

/// Takes one child that has ended: its id, or 0 where there is none.
pid_t tend_reap(int *status);
/// Whether a status means a signal, and the status or signal.
int tend_status_is_signal(int status);
int tend_status_value(int status);

/// The children of this process, at most `count`; how many there are.
ssize_t tend_children(pid_t *children, size_t count);
/// Whether a process has this entry in the environment that it was started with: 1 or 0.
int tend_has_environment(pid_t process, const char *entry);
/// What a process has under this name in that environment, cut to `size`: its length.
ssize_t tend_environment(pid_t process, const char *name, char *value, size_t size);
/// Processes and their parents and sessions, at most `count`; how many there are.
typedef struct { pid_t process, parent, session; } tend_process_entry;
ssize_t tend_processes(tend_process_entry *entries, size_t count);

// The holder's loop

int tend_become_subreaper(void);
void tend_raise_descriptor_limit(void);
/// Blocks all signals but those that mean a mistake, and gives a descriptor that tells of SIGCHLD.
int tend_watch_children(void);
/// Forgets the signals that have come.
void tend_drain_signals(int descriptor);

typedef struct {
  uint64_t token;
  uint32_t events;
} tend_event;

enum { TEND_READABLE = 1, TEND_WRITABLE = 4, TEND_BROKEN = 8 | 16 };

int tend_poll_make(void);
int tend_poll_add(int poll, int descriptor, uint64_t token, uint32_t events);
int tend_poll_change(int poll, int descriptor, uint64_t token, uint32_t events);
void tend_poll_remove(int poll, int descriptor);
/// Waits up to this many milliseconds, -1 for ever; a signal is no event.
int tend_poll_wait(int poll, tend_event *events, int count, int milliseconds);

int64_t tend_monotonic(void);
int64_t tend_wall_clock(void);

// Sockets and pipes

/// Listens on a socket below a held directory that only its owner may use.
int tend_listen(int directory, const char *name);
int tend_accept(int listener);
/// Connects to a socket below a held directory; blocks at most this long, then -EAGAIN.
int tend_connect(int directory, const char *name, int milliseconds);
/// The user at the other end.
int64_t tend_peer(int socket);
void tend_shut(int socket);
/// A datagram socket with an abstract name that receives notices and who sent them.
int tend_notice_socket(const char *name);
/// One notice: its length; -EAGAIN where there is none.
ssize_t tend_receive_notice(int socket, char *text, size_t size, pid_t *process, uint32_t *user);
/// Sends one notice, for the tests.
int tend_send_notice(const char *name, const char *text);
/// Begins to connect without waiting, to a numeric address.
int tend_begin_connect(const char *address, uint16_t port);
/// How a connect that was begun ended.
int tend_connect_result(int socket);
/// Makes and opens a named pipe for both ends, never waiting; it then belongs to this user.
int tend_make_pipe(int directory, const char *name, int64_t user);
/// Opens a named pipe for a process that writes to it and waits where it is full.
int tend_open_pipe(int directory, const char *name);
/// Removes a named pipe that nobody has open; else -EBUSY, also for what is no pipe.
int tend_remove_idle_pipe(int directory, const char *name);

// Files

int tend_open_place(const char *path);
int tend_open_file(int directory, const char *name, int flags, unsigned mode);
int tend_make_folder(int directory, const char *name, unsigned mode);
int tend_rename_file(int directory, const char *from, const char *to);
int tend_remove_file(int directory, const char *name);
int tend_remove_folder(int directory, const char *name);
/// Whether a file system lies in memory alone: 1 or 0.
int tend_is_in_memory(const char *path);
/// Whether something belongs to this user: 1 or 0.
int tend_owns(int descriptor);
/// An exclusive lock that ends with the descriptor; -EWOULDBLOCK where another one holds it.
int tend_lock_file(int descriptor);
/// A lock on a folder that ends with the descriptor, also in a tree of cgroups; -EWOULDBLOCK where
/// another one holds it and this does not wait.
int tend_lock_folder(int descriptor, int waits);
/// Whether two descriptors lead to one file: 1 or 0.
int tend_is_same(int descriptor, int other);
/// Another descriptor for the same open file.
int tend_duplicate(int descriptor);
/// Opens what a descriptor leads to a second time, in place of what `place` led to.
int tend_put_in_place(int descriptor, int place);
/// The size of an open file, or -1 where no name leads to it any more.
int64_t tend_size(int descriptor);
ssize_t tend_read_bytes(int descriptor, void *buffer, size_t size);
ssize_t tend_read_at(int descriptor, void *buffer, size_t size, int64_t offset);
/// The same over a socket, without a signal where the other end has gone.
ssize_t tend_send_bytes(int socket, const void *buffer, size_t size);
ssize_t tend_write_bytes(int descriptor, const void *buffer, size_t size);
void tend_close_file(int descriptor);
/// Calls `visit` with each name of a directory but `.` and `..`, until it returns other than zero.
int tend_list_folder(int directory, void *context, int (*visit)(void *context, const char *name));
/// A descriptor that can be read once an open file may have lost its last name.
int tend_watch_links(int descriptor);
/// Whether an open file has a name: 1 or 0.
int tend_has_links(int descriptor);
/// Waits until something changes in a directory, at most this long.
int tend_wait_for_change(int directory, int milliseconds);
/// Waits until something can be read, at most this long: 1 or 0.
int tend_wait_readable(int descriptor, int milliseconds);
/// A pipe of which neither end waits.
int tend_make_wake_up(int *reader, int *writer);

// Users and limits

/// A user's number by name, -ENOENT where there is none; its group and home besides.
int64_t tend_find_account(const char *name, uint32_t *group, char *home, size_t size);
/// A user's name and home by number.
int tend_find_account_name(uint32_t user, uint32_t *group, char *name, char *home, size_t size);
int64_t tend_find_group_number(const char *name);
/// The supplementary groups of a user; how many.
ssize_t tend_groups_of(const char *name, uint32_t group, uint32_t *groups, size_t count);
/// The users, and the most descriptors that may be open.
uint32_t tend_user(void);
uint32_t tend_group(void);
uint64_t tend_descriptor_limit(void);
long tend_page_size(void);
/// Whether this user may write to what lies at a path: 1 or 0.
int tend_may_write(const char *path);

const char *tend_error_words(int code);

#endif
