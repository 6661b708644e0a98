import Tend
import TendAgent

/// Asks a running agent again whenever something may have changed, also after it was restarted.
///
/// It asks once and then waits for the agent's word; at rest nothing is asked but every 25 s
/// whether the word is still to come.
struct Watch: Sendable {
  private let client: ControlClient
  private let console: Console
  private let clock: any Clock<Duration>
  private var version: Int64?
  /// Whether the agent was there at least once.
  private var isKnown = false

  /// At most five looks a second, however much happens.
  private static let pause: Duration = .milliseconds(200)
  /// How long a reply may be missing before the agent is asked for again.
  private static let longestPause: Duration = .seconds(2)

  init(_ state: StateOptions, _ console: Console, clock: any Clock<Duration> = ContinuousClock()) {
    client = ControlClient(stateDirectory: state.directory.path)
    self.console = console
    self.clock = clock
  }

  /// Asks; where the agent is gone it is waited for, unless it was never there.
  mutating func ask<Answer: Decodable & Sendable>(
    _ request: ControlRequest, as type: Answer.Type
  ) async throws -> Answer {
    var pause = Self.pause
    while true {
      do {
        let answer = try await client.ask(request, as: type)
        isKnown = true
        return answer
      } catch {
        guard isKnown, !Task.isCancelled, [ControlClient.absent, "Socket"].contains(error.code)
        else { throw error }
        if pause == Self.pause { console.error("note: the agent is gone; waiting for it\n") }
        try await clock.sleep(for: pause)
        pause = min(pause * 2, Self.longestPause)
      }
    }
  }

  /// Before a look: what happens after this is told by `change`.
  mutating func begin() async throws {
    if version == nil { version = try await ask(.changed(since: nil), as: Int64.self) }
  }

  /// Waits until something may look different than at the last look.
  mutating func change() async throws {
    guard let last = version else { return try await begin() }
    while version == last { version = try await ask(.changed(since: last), as: Int64.self) }
    try await clock.sleep(for: Self.pause)
    // What happened during the pause is seen by the look that comes now.
    version = try await ask(.changed(since: nil), as: Int64.self)
  }
}
