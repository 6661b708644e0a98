// What Swift's own Glibc module leaves out: extended attributes (xattr(7)).
#include <sys/xattr.h>
