private import Glibc
public import TendManifest

extension ValueInputs {
  /// For a host that somebody named, else for the machine that this is.
  public init(host: String? = nil) {
    self.init(named: host ?? Self.machine, isGiven: host != nil)
  }

  /// The name of this machine as the kernel has it, in full.
  public static var machine: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "localhost" }
    return withUnsafeBytes(of: &name.nodename) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
