#define _GNU_SOURCE
#include "CTendProcesses.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

static int result_of(long result) { return result < 0 ? -errno : (int)result; }

int tend_is_in_memory(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

int tend_owns(int descriptor) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && status.st_uid == geteuid();
}

int tend_open_place(const char *path) {
  return result_of(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int tend_open_file(int directory, const char *name, int flags, unsigned mode) {
  return result_of(openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, mode));
}

int tend_make_folder(int directory, const char *name, unsigned mode) {
  return result_of(mkdirat(directory, name, mode));
}

int tend_rename_file(int directory, const char *from, const char *to) {
  return result_of(renameat(directory, from, directory, to));
}

int tend_remove_file(int directory, const char *name) {
  return result_of(unlinkat(directory, name, 0));
}

int tend_remove_folder(int directory, const char *name) {
  return result_of(unlinkat(directory, name, AT_REMOVEDIR));
}

int tend_lock_file(int descriptor) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(descriptor, F_OFD_SETLK, &lock) == 0) return 0;
  return errno == EACCES ? -EWOULDBLOCK : -errno;
}

int tend_lock_folder(int descriptor, int waits) {
  return result_of(flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB));
}

int tend_is_same(int descriptor, int other) {
  struct stat one, two;
  return fstat(descriptor, &one) == 0 && fstat(other, &two) == 0 && one.st_dev == two.st_dev &&
         one.st_ino == two.st_ino;
}

int tend_duplicate(int descriptor) { return result_of(fcntl(descriptor, F_DUPFD_CLOEXEC, 0)); }

int tend_put_in_place(int descriptor, int place) {
  return result_of(dup3(descriptor, place, O_CLOEXEC));
}

int64_t tend_size(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) < 0 || status.st_nlink == 0) return -1;
  return status.st_size;
}

ssize_t tend_read_bytes(int descriptor, void *buffer, size_t size) {
  ssize_t count;
  while ((count = read(descriptor, buffer, size)) < 0 && errno == EINTR) continue;
  return count < 0 ? -errno : count;
}

ssize_t tend_read_at(int descriptor, void *buffer, size_t size, int64_t offset) {
  ssize_t count;
  while ((count = pread(descriptor, buffer, size, offset)) < 0 && errno == EINTR) continue;
  return count < 0 ? -errno : count;
}

ssize_t tend_write_bytes(int descriptor, const void *buffer, size_t size) {
  ssize_t count;
  while ((count = write(descriptor, buffer, size)) < 0 && errno == EINTR) continue;
  return count < 0 ? -errno : count;
}

ssize_t tend_send_bytes(int socket, const void *buffer, size_t size) {
  ssize_t count;
  while ((count = send(socket, buffer, size, MSG_NOSIGNAL)) < 0 && errno == EINTR) continue;
  return count < 0 ? -errno : count;
}

void tend_close_file(int descriptor) { close(descriptor); }

int tend_list_folder(int directory, void *context, int (*visit)(void *, const char *)) {
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return -errno;
  DIR *stream = fdopendir(copy);
  if (!stream) {
    int error = errno;
    close(copy);
    return -error;
  }
  struct dirent *entry;
  int result = 0;
  while (result == 0 && (entry = readdir(stream))) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    result = visit(context, entry->d_name);
  }
  closedir(stream);
  return 0;
}

int tend_watch_links(int descriptor) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (watch < 0) return -errno;
  if (inotify_add_watch(watch, path, IN_ATTRIB) < 0) {
    int error = errno;
    close(watch);
    return -error;
  }
  return watch;
}

int tend_has_links(int descriptor) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

int tend_wait_for_change(int directory, int milliseconds) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
  int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (watch < 0) return -errno;
  int result = inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
  if (result >= 0) {
    struct pollfd entry = {.fd = watch, .events = POLLIN};
    result = poll(&entry, 1, milliseconds);
  }
  int error = errno;
  close(watch);
  return result < 0 && error != EINTR ? -error : 0;
}

int tend_wait_readable(int descriptor, int milliseconds) {
  struct pollfd entry = {.fd = descriptor, .events = POLLIN};
  return poll(&entry, 1, milliseconds) > 0;
}

int tend_make_wake_up(int *reader, int *writer) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
  *reader = ends[0];
  *writer = ends[1];
  return 0;
}

