private import CTendFiles
private import Synchronization
internal import Tend

/// The users and groups of this machine, remembered for a minute.
final class Accounts: Sendable {
  private enum Sort: Hashable { case user, group }

  private struct Question: Hashable {
    let sort: Sort
    let name: String
  }

  private struct Answer {
    let number: UInt32
    let until: Int64
  }

  /// How long an answer is taken to be right: a minute, in nanoseconds.
  private static let lifetime: Int64 = 60_000_000_000
  /// The most answers that are kept.
  private static let capacity = 1024

  private let answers = Mutex<[Question: Answer]>([:])

  /// The numbers of a declared owner and group.
  func resolve(
    _ declared: EntrySpec.Fields, at now: Int64
  ) throws(ProviderError) -> Entry.Ownership {
    Entry.Ownership(
      user: try number(of: declared.owner, .user, "owner", at: now),
      group: try number(of: declared.group, .group, "group", at: now))
  }

  private func number(
    of principal: Principal?, _ sort: Sort, _ field: String, at now: Int64
  ) throws(ProviderError) -> UInt32? {
    switch principal {
    case nil: return nil
    case .number(let number): return number
    case .name(let name):
      let question = Question(sort: sort, name: name)
      if let known = answers.withLock({ $0[question] }), now < known.until,
        known.until &- now <= Self.lifetime
      {
        return known.number
      }
      let number = try lookUp(question, field)
      answers.withLock { answers in
        if answers.count >= Self.capacity { answers.removeAll() }
        answers[question] = Answer(number: number, until: now &+ Self.lifetime)
      }
      return number
    }
  }

  private func lookUp(_ question: Question, _ field: String) throws(ProviderError) -> UInt32 {
    let what = question.sort == .user ? "user" : "group"
    let found = question.name.withCString {
      question.sort == .user ? tend_find_user($0) : tend_find_group($0)
    }
    if found == -Int64(ErrorCode.missing) {
      throw .permanent(
        "there is no \(what) \(question.name) on this machine",
        remedy: "create it, or declare another \(field)", field: field)
    }
    do {
      return UInt32(clamping: try check(found))
    } catch {
      throw ProviderError(
        .transient, "can't look up the \(what) \(question.name): \(error.text)", field: field)
    }
  }

  /// The name of a user for people; its number where it has none.
  static func nameOfUser(_ number: UInt32) -> String {
    name(number) { tend_name_user(number, $0, $1) }
  }

  /// The name of a group for people; its number where it has none.
  static func nameOfGroup(_ number: UInt32) -> String {
    name(number) { tend_name_group(number, $0, $1) }
  }

  private static func name(
    _ number: UInt32, _ find: (UnsafeMutablePointer<CChar>?, Int) -> Int32
  ) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard find(buffer.baseAddress, buffer.count) == 0, let start = buffer.baseAddress else {
        return String(number)
      }
      return String(cString: start)
    }
  }
}
