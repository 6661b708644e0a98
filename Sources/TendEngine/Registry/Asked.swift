import Synchronization
import Tend

/// What linking asked for, in the order of the questions.
final class Asked: Sendable {
  private struct State {
    var links: [Reference: [Links.Link]] = [:]
    var askers: Set<Int> = []
  }

  private let state = Mutex(State())

  /// Answers the questions of one controller's provider, and keeps them.
  func links(_ names: Names, for controller: Int) -> Links {
    Links { text, asker in
      let link = names.link(text)
      self.state.withLock { state in
        state.links[asker, default: []].append(link)
        state.askers.insert(controller)
      }
      return link
    }
  }

  var all: [Reference: [Links.Link]] { state.withLock { $0.links } }
  var askers: Set<Int> { state.withLock { $0.askers } }
}
