private import CTendProcesses

/// A user as the kernel knows it, with what a login would set up.
struct Account: Hashable, Sendable, Codable {
  var name: String
  var user: UInt32
  var group: UInt32
  var groups: [UInt32]
  var home: String

  /// Whom the agent runs as.
  static var own: (user: UInt32, group: UInt32) { (tend_user(), tend_group()) }

  /// Looks a user up by name or number; nil where there is none.
  init?(named text: String) {
    var group: UInt32 = 0
    let size = 256
    var name = [CChar](repeating: 0, count: size)
    var home = name
    let user: Int64
    if let number = UInt32(text) {
      let result = tend_find_account_name(number, &group, &name, &home, size)
      guard result == 0 || result == -SystemError.missing else { return nil }
      // A number needs no name, as in an image without accounts.
      if result != 0 { group = number }
      user = Int64(number)
    } else {
      user = tend_find_account(text, &group, &home, size)
      name = Array(text.utf8CString)
    }
    guard let number = UInt32(exactly: user) else { return nil }
    self.name = Self.text(name)
    self.home = Self.text(home)
    self.user = number
    self.group = group
    groups = []
    if !self.name.isEmpty { groups = Self.groups(of: self.name, group) }
  }

  private static func text(_ bytes: [CChar]) -> String {
    String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func groups(of name: String, _ group: UInt32) -> [UInt32] {
    var groups = [UInt32](repeating: 0, count: 1024)
    let count = tend_groups_of(name, group, &groups, groups.count)
    return Array(groups.prefix(max(0, count)))
  }

  /// The number of a group by name or number; nil where there is none.
  static func group(named text: String) -> UInt32? {
    UInt32(text) ?? UInt32(exactly: tend_find_group_number(text))
  }
}
