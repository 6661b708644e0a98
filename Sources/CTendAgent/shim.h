// What Swift's own Glibc module leaves out: mallopt(3) and extended attributes (xattr(7)).
#include <malloc.h>
#include <sys/xattr.h>
