private import Glibc

/// Tend's own repository, where this program was built in it.
enum Checkout {
  /// The folder of its package; nil for a program that was installed.
  static func ofThisProgram() -> String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    return above(String(cString: path))
  }

  /// The nearest folder above a path that holds Tend's package.
  static func above(_ path: String) -> String? {
    var parts = path.split(separator: "/")[...]
    while parts.popLast() != nil {
      let folder = "/" + parts.joined(separator: "/")
      // Of all packages only this one has that folder.
      if access("\(folder)/Package.swift", R_OK) == 0,
        access("\(folder)/Sources/TendTesting/Conformance", R_OK) == 0
      {
        return folder
      }
    }
    return nil
  }
}
