#define _GNU_SOURCE
#include "CTendFiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

enum { attribute_list_limit = 65536, attribute_size_limit = 65536, account_limit = 65536 };

static int result(int64_t value) { return value < 0 ? -errno : (int)value; }

static int64_t nanoseconds(struct statx_timestamp time) {
  return (int64_t)((uint64_t)time.tv_sec * 1000000000u + time.tv_nsec);
}

int tend_status_of(int directory, const char *name, tend_status *status) {
  struct statx found;
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
  if (statx(directory, name, flags, STATX_BASIC_STATS, &found) < 0) return -errno;
  status->device = (uint64_t)found.stx_dev_major << 32 | found.stx_dev_minor;
  status->inode = found.stx_ino;
  status->size = found.stx_size;
  status->modified = nanoseconds(found.stx_mtime);
  status->changed = nanoseconds(found.stx_ctime);
  status->mode = found.stx_mode;
  status->user = found.stx_uid;
  status->group = found.stx_gid;
  status->links = found.stx_nlink;
  status->is_mount_point = (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  return 0;
}

int tend_open(int directory, const char *name, int flags, unsigned mode) {
  int opened;
  do opened = openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode);
  while (opened < 0 && errno == EINTR);
  return result(opened);
}

int tend_open_base(const char *path) {
  return result(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static int walk(int base, const char *path, uint64_t resolve) {
  struct open_how how = {
      .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
      .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | resolve,
  };
  long opened;
  int tries = 0;
  // EAGAIN: something was renamed meanwhile, and the kernel could not rule out an escape.
  do opened = syscall(SYS_openat2, base, path, &how, sizeof how);
  while (opened < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 100)));
  return result(opened);
}

int tend_walk_without_links(int base, const char *path, int is_root) {
  return walk(base, path, is_root ? RESOLVE_IN_ROOT : 0);
}

int tend_walk_below(int base, const char *path) {
  return walk(base, path, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
}

ssize_t tend_read_link(int link, char *buffer, size_t size) {
  ssize_t length = readlinkat(link, "", buffer, size);
  return length < 0 ? -errno : length;
}

int tend_make_directory(int directory, const char *name, unsigned mode) {
  return result(mkdirat(directory, name, mode));
}

int tend_make_link(int directory, const char *name, const char *target) {
  return result(symlinkat(target, directory, name));
}

int tend_unlink(int directory, const char *name) { return result(unlinkat(directory, name, 0)); }

int tend_remove_directory(int directory, const char *name) {
  return result(unlinkat(directory, name, AT_REMOVEDIR));
}

int tend_rename(int directory, const char *from, const char *to) {
  return result(renameat(directory, from, directory, to));
}

int tend_rename_new(int directory, const char *from, const char *to) {
  return result(renameat2(directory, from, directory, to, RENAME_NOREPLACE));
}

int tend_exchange(int directory, const char *one, const char *other) {
  return result(renameat2(directory, one, directory, other, RENAME_EXCHANGE));
}

int tend_link(int directory, const char *from, const char *to) {
  return result(linkat(directory, from, directory, to, 0));
}

int tend_change_owner(int descriptor, uint32_t user, uint32_t group) {
  return result(fchownat(descriptor, "", user, group, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
}

/// The file behind a descriptor, as a path: the way to it for calls that refuse O_PATH.
static void path_of(int descriptor, char path[32]) {
  snprintf(path, 32, "/proc/self/fd/%d", descriptor);
}

int tend_change_mode(int descriptor, unsigned mode) {
  if (syscall(SYS_fchmodat2, descriptor, "", mode, AT_EMPTY_PATH) == 0) return 0;
  if (errno != ENOSYS && errno != EINVAL) return -errno;
  char path[32];
  path_of(descriptor, path);
  return result(chmod(path, mode));
}

int tend_copy_attributes(int from, int to, char *failed, size_t size) {
  char source[32], target[32];
  path_of(from, source);
  path_of(to, target);
  *failed = 0;
  ssize_t length = listxattr(source, NULL, 0);
  if (length == 0 || (length < 0 && errno == ENOTSUP)) return 0;
  if (length < 0) return -errno;
  char *names = malloc(attribute_list_limit), *value = malloc(attribute_size_limit);
  int code = names && value ? 0 : -ENOMEM;
  if (!code && (length = listxattr(source, names, attribute_list_limit)) < 0) code = -errno;
  for (char *name = names; !code && name < names + length; name += strlen(name) + 1) {
    ssize_t held = getxattr(source, name, value, attribute_size_limit);
    if (held < 0 && (errno == ENODATA || errno == ENOTSUP)) continue;
    if (held < 0 || (setxattr(target, name, value, held, 0) < 0 && errno != ENOTSUP)) {
      code = -errno;
      snprintf(failed, size, "%s", name);
    }
  }
  free(names);
  free(value);
  return code;
}

int tend_set_attribute(int descriptor, const char *name, const void *value, size_t size) {
  return fsetxattr(descriptor, name, value, size, 0) < 0 ? -errno : 0;
}

int tend_set_modified(int directory, const char *name, int64_t nanoseconds) {
  int64_t seconds = nanoseconds / 1000000000, rest = nanoseconds % 1000000000;
  if (rest < 0) {
    rest += 1000000000;
    seconds -= 1;
  }
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = rest}};
  return utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int tend_is_frozen(int directory, const char *name) {
  int opened = tend_open(directory, name, O_RDONLY | O_NONBLOCK, 0);
  if (opened < 0) return 0;
  unsigned long flags = 0;
  int known = ioctl(opened, FS_IOC_GETFLAGS, &flags) == 0;
  close(opened);
  if (!known) return 0;
  return flags & FS_IMMUTABLE_FL ? 1 : flags & FS_APPEND_FL ? 2 : 0;
}

int64_t tend_file_system(int descriptor) {
  struct statfs found;
  return fstatfs(descriptor, &found) < 0 ? -errno : (int64_t)((uint64_t)found.f_type & 0xffffffff);
}

int tend_lock(int descriptor) { return result(flock(descriptor, LOCK_EX | LOCK_NB)); }

struct tend_gate {
  pthread_mutex_t lock;
};

tend_gate *tend_gate_make(void) {
  tend_gate *gate = malloc(sizeof *gate);
  // Out of 64 bytes: there is no way on, as for every allocation of the language above.
  if (!gate) abort();
  pthread_mutex_init(&gate->lock, NULL);
  return gate;
}

void tend_gate_destroy(tend_gate *gate) {
  pthread_mutex_destroy(&gate->lock);
  free(gate);
}

void tend_gate_enter(tend_gate *gate) { pthread_mutex_lock(&gate->lock); }

void tend_gate_leave(tend_gate *gate) { pthread_mutex_unlock(&gate->lock); }

int tend_sync(int descriptor) { return result(fsync(descriptor)); }

int tend_truncate(int descriptor, int64_t size) { return result(ftruncate(descriptor, size)); }

ssize_t tend_read(int descriptor, void *buffer, size_t size) {
  ssize_t count;
  do count = read(descriptor, buffer, size);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

ssize_t tend_write(int descriptor, const void *buffer, size_t size) {
  ssize_t count;
  do count = write(descriptor, buffer, size);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

void tend_close(int descriptor) { close(descriptor); }

int tend_list(int directory, void *context, int (*visit)(void *context, const char *name)) {
  int opened = tend_open(directory, ".", O_RDONLY | O_DIRECTORY, 0);
  if (opened < 0) return opened;
  DIR *stream = fdopendir(opened);
  if (!stream) {
    int code = -errno;
    close(opened);
    return code;
  }
  struct dirent *entry;
  int stop = 0;
  while (!stop && (errno = 0, entry = readdir(stream))) {
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) stop = visit(context, entry->d_name);
  }
  int code = stop ? 0 : -errno;
  closedir(stream);
  return code;
}

int64_t tend_find_user(const char *name) {
  struct passwd entry, *found = NULL;
  char *buffer = malloc(account_limit);
  if (!buffer) return -ENOMEM;
  int code = getpwnam_r(name, &entry, buffer, account_limit, &found);
  int64_t user = found ? (int64_t)entry.pw_uid : -(code ? code : ENOENT);
  free(buffer);
  return user;
}

int64_t tend_find_group(const char *name) {
  struct group entry, *found = NULL;
  char *buffer = malloc(account_limit);
  if (!buffer) return -ENOMEM;
  int code = getgrnam_r(name, &entry, buffer, account_limit, &found);
  int64_t group = found ? (int64_t)entry.gr_gid : -(code ? code : ENOENT);
  free(buffer);
  return group;
}

int tend_name_user(uint32_t user, char *name, size_t size) {
  struct passwd entry, *found = NULL;
  char *buffer = malloc(account_limit);
  if (!buffer) return -ENOMEM;
  int code = getpwuid_r(user, &entry, buffer, account_limit, &found);
  if (found) snprintf(name, size, "%s", entry.pw_name);
  free(buffer);
  return found ? 0 : -(code ? code : ENOENT);
}

int tend_name_group(uint32_t group, char *name, size_t size) {
  struct group entry, *found = NULL;
  char *buffer = malloc(account_limit);
  if (!buffer) return -ENOMEM;
  int code = getgrgid_r(group, &entry, buffer, account_limit, &found);
  if (found) snprintf(name, size, "%s", entry.gr_name);
  free(buffer);
  return found ? 0 : -(code ? code : ENOENT);
}

int tend_watch_open(void) { return result(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)); }

int tend_watch_add(int watch, int directory) {
  char path[32];
  path_of(directory, path);
  return result(inotify_add_watch(
      watch, path,
      IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
          IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK));
}

int tend_watch_remove(int watch, int number) { return result(inotify_rm_watch(watch, number)); }

size_t tend_event_at(const char *buffer, size_t size, tend_event *event) {
  struct inotify_event found;
  if (size < sizeof found) return 0;
  memcpy(&found, buffer, sizeof found);
  if (found.len > size - sizeof found) return 0;
  event->number = found.wd;
  event->what = found.mask;
  // The kernel ends each name with at least one NUL.
  event->name = found.len ? buffer + sizeof found : "";
  return sizeof found + found.len;
}

int tend_are_same(const void *left, const void *right, size_t size) {
  return !size || !memcmp(left, right, size);
}

int tend_stands_before_end(const char *name, const char *text, size_t before) {
  size_t length = strlen(name);
  return length >= before && !strncmp(name + length - before, text, strlen(text));
}

int tend_witness_open(int directory) {
  int made = fanotify_init(
      FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME, O_RDONLY | O_CLOEXEC);
  if (made < 0) return -errno;
  char path[32];
  path_of(directory, path);
  uint64_t what = FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_CREATE | FAN_DELETE |
                  FAN_MOVED_FROM | FAN_MOVED_TO | FAN_EVENT_ON_CHILD | FAN_ONDIR;
  if (fanotify_mark(made, FAN_MARK_ADD | FAN_MARK_ONLYDIR, what, AT_FDCWD, path) < 0) {
    int code = errno;
    close(made);
    return -code;
  }
  return made;
}

size_t tend_witness_at(const char *buffer, size_t size, tend_witness_event *event) {
  struct fanotify_event_metadata found;
  if (size < sizeof found) return 0;
  memcpy(&found, buffer, sizeof found);
  if (found.event_len > size || found.event_len < sizeof found) return 0;
  event->process = found.pid;
  event->name = "";
  const char *rest = buffer + sizeof found, *end = buffer + found.event_len;
  struct fanotify_event_info_fid info;
  struct file_handle handle;
  while ((size_t)(end - rest) >= sizeof info.hdr) {
    memcpy(&info.hdr, rest, sizeof info.hdr);
    if (info.hdr.len < sizeof info.hdr || info.hdr.len > end - rest) break;
    size_t before = offsetof(struct fanotify_event_info_fid, handle) + sizeof handle;
    if (info.hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME && info.hdr.len > before) {
      memcpy(&handle, rest + before - sizeof handle, sizeof handle);
      size_t length = info.hdr.len - before;
      const char *name = rest + before + handle.handle_bytes;
      // The kernel ends each name with a NUL.
      if (handle.handle_bytes < length && memchr(name, 0, length - handle.handle_bytes))
        event->name = name;
    }
    rest += info.hdr.len;
  }
  return found.event_len;
}

int tend_bell_make(void) { return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

void tend_bell_ring(int bell) {
  uint64_t once = 1;
  // It can only fail where it has been rung already.
  ssize_t ignored = write(bell, &once, sizeof once);
  (void)ignored;
}

int tend_wait(int first, int second, int milliseconds) {
  struct pollfd ends[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
  int count = poll(ends, 2, milliseconds);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  return (ends[0].revents ? 1 : 0) | (ends[1].revents ? 2 : 0);
}

struct start {
  void (*body)(void *);
  void *context;
};

static void *run_start(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.body(start.context);
  return NULL;
}

int tend_start_thread(void (*body)(void *context), void *context) {
  struct start *start = malloc(sizeof *start);
  if (!start) return -ENOMEM;
  *start = (struct start){body, context};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // Signals are for the threads of the program around.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int code = pthread_create(&thread, &attributes, run_start, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (code) free(start);
  return -code;
}

int32_t tend_witness_self(void) { return getpid(); }

int tend_open_link(const char *path) {
  return result(open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

uint32_t tend_effective_user(void) { return geteuid(); }

const char *tend_error_text(int code) {
  const char *text = strerrordesc_np(code);
  return text ? text : "unknown error";
}
