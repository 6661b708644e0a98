#define _GNU_SOURCE
#include "CTendProcesses.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/// The holder, which is written in Swift; weak, as a program may link this file without it.
extern void tend_hold(const char *directory, int uses_cgroups) __attribute__((weak));

/// A program that is started under the holder's name becomes the holder, before anything of its own
/// runs: so one installed file is enough, and the holder has one thread.
__attribute__((constructor)) static void become_holder(int count, char **arguments) {
  if (count != 3 || strcmp(arguments[0], "tend-holder") != 0 || !tend_hold) return;
  // Else listings would show it as `exe`, by which it was started.
  prctl(PR_SET_NAME, arguments[0]);
  tend_hold(arguments[1], strcmp(arguments[2], "cgroups") == 0);
  _exit(0);
}
