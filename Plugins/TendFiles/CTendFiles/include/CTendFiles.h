#ifndef CTENDFILES_H
#define CTENDFILES_H

// The system calls of Linux that Swift can't reach by itself, in the form in which the provider
// uses them: each returns a value of zero or more, or a negated errno. None of them ever follows a
// symbolic link in the last component.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/xattr.h>

/// What is known of one directory entry; times are nanoseconds since 1970.
typedef struct {
  uint64_t device, inode, size;
  int64_t modified, changed;
  uint32_t mode, user, group, links;
  uint32_t is_mount_point;
} tend_status;

/// statx(2) of an entry of a directory, or of the descriptor itself where the name is empty.
int tend_status_of(int directory, const char *name, tend_status *status);

/// openat(2), close on exec.
int tend_open(int directory, const char *name, int flags, unsigned mode);

/// Opens a directory as O_PATH by any path, following links: for paths that are configured.
int tend_open_base(const char *path);

/// openat2(2) of a directory as O_PATH that refuses every symbolic link on the way.
///
/// An absolute path needs no base, unless that is to be its root.
int tend_walk_without_links(int base, const char *path, int is_root);

/// openat2(2) of a directory below another as O_PATH that follows no link and crosses no mount.
int tend_walk_below(int base, const char *path);

/// readlinkat(2) of a link that was opened with O_PATH.
ssize_t tend_read_link(int link, char *buffer, size_t size);

int tend_make_directory(int directory, const char *name, unsigned mode);
int tend_make_link(int directory, const char *name, const char *target);
int tend_unlink(int directory, const char *name);
int tend_remove_directory(int directory, const char *name);

/// renameat(2) within one directory.
int tend_rename(int directory, const char *from, const char *to);

/// renameat2(2) with RENAME_NOREPLACE; -EINVAL where the file system can't.
int tend_rename_new(int directory, const char *from, const char *to);

/// renameat2(2) with RENAME_EXCHANGE: what an attacker does meanwhile, for the tests.
int tend_exchange(int directory, const char *one, const char *other);

/// linkat(2) within one directory.
int tend_link(int directory, const char *from, const char *to);

/// chown and chmod by a descriptor of any kind, also one opened with O_PATH.
int tend_change_owner(int descriptor, uint32_t user, uint32_t group);
int tend_change_mode(int descriptor, unsigned mode);

/// Copies all extended attributes, among them ACL and security label, from one file to another.
///
/// `failed` receives the name of the attribute that could not be copied.
int tend_copy_attributes(int from, int to, char *failed, size_t size);

/// fsetxattr(2).
int tend_set_attribute(int descriptor, const char *name, const void *value, size_t size);

/// Sets when the content of an entry was last modified; utimensat(2).
int tend_set_modified(int directory, const char *name, int64_t nanoseconds);

/// Whether an entry can't be changed by anybody: 1 immutable, 2 append only, 0 neither or unknown.
int tend_is_frozen(int directory, const char *name);

/// The magic number of the file system that holds a descriptor.
int64_t tend_file_system(int descriptor);

/// An exclusive lock that ends with the descriptor; -EWOULDBLOCK where another one holds it.
int tend_lock(int descriptor);

/// A lock at which threads sleep at once, without spinning first.
typedef struct tend_gate tend_gate;
tend_gate *tend_gate_make(void);
void tend_gate_destroy(tend_gate *gate);
void tend_gate_enter(tend_gate *gate);
void tend_gate_leave(tend_gate *gate);

int tend_sync(int descriptor);
int tend_truncate(int descriptor, int64_t size);
ssize_t tend_read(int descriptor, void *buffer, size_t size);
ssize_t tend_write(int descriptor, const void *buffer, size_t size);
void tend_close(int descriptor);

/// Calls `visit` with each name of a directory but `.` and `..`, until it returns other than zero.
int tend_list(int directory, void *context, int (*visit)(void *context, const char *name));

/// The user or group of a name, -ENOENT where there is none.
int64_t tend_find_user(const char *name);
int64_t tend_find_group(const char *name);

/// The name of a user or group; -ENOENT where it has none.
int tend_name_user(uint32_t user, char *name, size_t size);
int tend_name_group(uint32_t group, char *name, size_t size);

uint32_t tend_effective_user(void);
int32_t tend_witness_self(void);

/// A symbolic link itself, as O_PATH, wherever it leads.
int tend_open_link(const char *path);

/// An instance of inotify(7) that never blocks, -EMFILE where the user has too many.
int tend_watch_open(void);

/// Watches an open directory, of any kind; -ENOSPC where the user watches too many.
///
/// The number that names the watch in its events: the same for the same directory.
int tend_watch_add(int watch, int directory);
int tend_watch_remove(int watch, int number);

/// What happened: to which watch, what, and to which name in it; "" for the directory itself.
typedef struct {
  int32_t number;
  uint32_t what;
  const char *name;
} tend_event;

/// Reads the event at the start of a buffer; how many bytes it takes, 0 where there is none.
size_t tend_event_at(const char *buffer, size_t size, tend_event *event);

/// Whether two pieces of memory hold the same.
int tend_are_same(const void *left, const void *right, size_t size);

/// Whether a text stands in a name so many bytes before its end.
int tend_stands_before_end(const char *name, const char *text, size_t before);

/// An instance of fanotify(7) that tells who changes what is in one open directory, of any kind.
///
/// -EPERM without CAP_SYS_ADMIN, -EINVAL where the kernel is older than 5.9.
int tend_witness_open(int directory);

/// Who did something, to which name; "" where no name is told.
typedef struct {
  int32_t process;
  const char *name;
} tend_witness_event;

/// Reads the event at the start of a buffer; how many bytes it takes, 0 where there is none.
size_t tend_witness_at(const char *buffer, size_t size, tend_witness_event *event);

/// eventfd(2): can be read once it has been rung, until it is read.
int tend_bell_make(void);
void tend_bell_ring(int bell);

/// Waits until one of both can be read: 1, 2 or 3; 0 when so many milliseconds are over, -1 waits
/// for ever.
int tend_wait(int first, int second, int milliseconds);

/// A thread of its own that runs this once; -EAGAIN where there are too many.
int tend_start_thread(void (*body)(void *context), void *context);

/// A command that runs, and how it is held.
typedef struct {
  int32_t keeper;
  /// Ends the command and all that it has started when it is closed.
  int control;
  /// Can be read once all of it has ended.
  int answer;
} tend_command;

/// How a command has ended, and the beginning of what it printed.
typedef struct {
  /// Whether it ended by itself; else it was ended.
  uint32_t has_ended;
  /// Its exit status, 127 where it was not found, 126 where it could not be run; or minus the signal
  /// that ended it.
  int32_t status;
  uint32_t size;
  uint32_t is_cut;
  char text[2048];
} tend_command_end;

/// Starts a command, found in PATH, as a user with the groups of that user, in the root directory,
/// with nothing to read. `group` is that of a user that has no entry in the user database.
int tend_command_start(
    const char *const *arguments, const char *const *environment, uint32_t user, uint32_t group,
    tend_command *command);

/// Ends it with all that it has started.
void tend_command_stop(tend_command *command);

/// Waits for the end of all of it and frees what held it; -ECHILD where nobody can say how.
int tend_command_finish(tend_command *command, tend_command_end *end);

/// What an errno means, in the words of the C library.
const char *tend_error_text(int code);

#endif
