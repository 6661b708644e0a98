#if canImport(Glibc)
private import Glibc
#endif

/// The heap of this process.
package enum Heap {
  /// From so many resources on what was used to take them in is worth giving back: some MB.
  package static let worthwhile = 5000

  /// How often it is given back where nobody rings: seldom enough to cost nothing.
  static let pause = Duration.seconds(60)

  #if canImport(Glibc)
  /// malloc_trim(3); looked up, since it is declared in no header that the module has.
  private static let trim: (@convention(c) (Int) -> Int32)? =
    dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self) }
  #endif

  /// Gives the operating system the pages back that are free.
  ///
  /// The GNU C library keeps what lies below the last block that is used. Other libraries have no
  /// such call, and some give pages back by themselves; there it does nothing. It visits the whole
  /// heap: call it after what took and freed a lot.
  package static func giveBack() {
    #if canImport(Glibc)
    _ = trim?(0)
    #endif
  }
}
