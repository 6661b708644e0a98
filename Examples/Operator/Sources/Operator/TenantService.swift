import ServiceLifecycle
import Synchronization

/// What the service knows of one customer.
struct Account: Sendable, Equatable {
  let id: String
  var plan: Plan
  var seats: Int
}

/// What a customer has bought.
enum Plan: String, Sendable, Codable, CaseIterable {
  case free, business

  /// How many seats come with it at most.
  var limit: Int { self == .free ? 5 : 1000 }
}

/// A service with customers: what the operator looks after.
///
/// It stands for a database or an API; anybody may change it behind the operator's back.
final class TenantService: Sendable {
  /// Why the service did not do what it was asked.
  enum Refusal: Error {
    case exists
    case unknown
    case tooManySeats(limit: Int)
  }

  private struct State {
    var accounts: [String: Account] = [:]
    var listener: (@Sendable (String) -> Void)?
  }

  private let state = Mutex(State())

  /// The account of a customer; nil where there is none.
  func account(_ id: String) -> Account? { state.withLock { $0.accounts[id] } }

  /// All accounts, by name.
  var accounts: [Account] { state.withLock { $0.accounts.values.sorted { $0.id < $1.id } } }

  /// Opens an account; refuses where there is one.
  func open(_ new: Account) throws(Refusal) {
    try change(new.id) { (account: inout Account?) throws(Refusal) in
      guard account == nil else { throw .exists }
      account = new
    }
  }

  /// Changes an account; refuses where there is none.
  func update(_ id: String, _ body: (inout Account) -> Void) throws(Refusal) {
    try change(id) { (account: inout Account?) throws(Refusal) in
      guard var new = account else { throw .unknown }
      body(&new)
      account = new
    }
  }

  /// Closes an account; it is no error where there is none.
  func close(_ id: String) throws(Refusal) {
    try change(id) { (account: inout Account?) throws(Refusal) in account = nil }
  }

  /// Tells the name of each account that changes, until shutdown or cancellation.
  func whileRunning(_ tell: @escaping @Sendable (String) -> Void) async {
    state.withLock { $0.listener = tell }
    try? await gracefulShutdown()
    state.withLock { $0.listener = nil }
  }

  private func change(
    _ id: String, _ body: (inout Account?) throws(Refusal) -> Void
  ) throws(Refusal) {
    let listener = try state.withLock { (state: inout State) throws(Refusal) in
      var account = state.accounts[id]
      try body(&account)
      if let account, account.seats > account.plan.limit {
        throw .tooManySeats(limit: account.plan.limit)
      }
      state.accounts[id] = account
      return state.listener
    }
    listener?(id)
  }
}
