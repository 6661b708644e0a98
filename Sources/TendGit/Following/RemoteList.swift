internal import Logging
private import Synchronization
internal import Tend
internal import TendEngine

/// The remotes of one source, asked in order until one has an answer.
final class RemoteList: Sendable {
  private let addresses: [RepositoryAddress]
  private let reference: GitReference
  private let allowsRewritten: Bool
  private let mirror: Mirror
  private let logger: Logger
  /// What was told last of each remote that did not serve, so that nothing is told twice.
  private let told = Mutex<[String: String]>([:])

  init(_ addresses: [RepositoryAddress], _ configuration: GitConfiguration, _ mirror: Mirror) {
    self.addresses = addresses
    reference = configuration.reference
    allowsRewritten = configuration.allowRewrittenHistory
    self.mirror = mirror
    logger = configuration.logger
  }

  /// What a revision says about where it came from, where that could be several places or names.
  func origin(of candidate: Candidate) -> String? {
    guard addresses.count > 1 || candidate.name != nil else { return nil }
    let followed = candidate.name.map { "tag \($0)" } ?? "\(reference)"
    return "\(candidate.address), \(followed)"
  }

  /// What is newer than the revision that is known; nil where nothing is.
  ///
  /// A remote that fails or is behind is passed over. One that has another history is not: that is
  /// an answer, and a person must hear it.
  func newest(after known: Revision?) async throws(GitFailure) -> Candidate? {
    var failures: [SourceError] = []
    var behind: [Candidate] = []
    for address in addresses {
      let candidate: Candidate
      do throws(GitFailure) {
        candidate = try await ask(address)
      } catch .cause(let error) where Self.concernsRemote(error) {
        failures.append(error)
        tell(address, "\(error)")
        continue
      }
      var verdict = try await verdict(on: candidate, after: known)
      // Without what is known nobody can tell an older history from another one.
      if verdict == .rewritten, try await !holds(known) { verdict = .back }
      switch verdict {
      case .unchanged:
        tell(address, nil)
        return nil
      case .forward:
        tell(address, nil)
        return candidate
      case .back where addresses.count > 1:
        behind.append(candidate)
        tell(address, "it is behind the revision that was taken in before")
      case .back, .rewritten: return try accept(candidate, known)
      }
    }
    guard let first = behind.first else { throw .cause(Self.combined(failures)) }
    // Of those that could not be asked one may have what is in force.
    return failures.isEmpty ? try accept(first, known, isBehind: true) : nil
  }

  private func holds(_ known: Revision?) async throws(GitFailure) -> Bool {
    guard let known, let id = ObjectID(hex: known.id.utf8) else { return true }
    return try await mirror.holds(id)
  }

  private func ask(_ address: RepositoryAddress) async throws(GitFailure) -> Candidate {
    let (id, name) = try await fetched(from: address)
    let tip = try await mirror.read { try await $0.tip(id) }
    return Candidate(commit: tip.commit, tag: tip.tag, name: name, address: address)
  }

  private func fetched(
    from address: RepositoryAddress
  ) async throws(GitFailure) -> (id: ObjectID, tag: String?) {
    do throws(SourceError) {
      var name: String?
      switch reference {
      case .semver(let text):
        let range = try VersionRange(text)
        name = try await mirror.highest(in: range, of: reference, at: address).name
      case .tag(let tag): name = tag
      case .branch, .commit: break
      }
      let wanted = WantedRef(reference, tag: name, at: address)
      return (try await mirror.fetch(wanted, from: address), name)
    } catch {
      throw .cause(error)
    }
  }

  private func verdict(
    on candidate: Candidate, after known: Revision?
  ) async throws(GitFailure) -> Advance.Verdict {
    guard let known, let before = ObjectID(hex: known.id.utf8) else { return .forward }
    let kinship = try await mirror.kinship(of: candidate.commit, to: before)
    if kinship == .apart || kinship == .behind {
      do throws(SourceError) {
        try await mirror.keep(before)
      } catch {
        throw .cause(error)
      }
    }
    return Advance(reference: reference, known: known).verdict(
      name: candidate.name, kinship: kinship)
  }

  /// What does not lead forward, where that is allowed.
  private func accept(
    _ candidate: Candidate, _ known: Revision?, isBehind: Bool = false
  ) throws(GitFailure) -> Candidate? {
    guard let known else { return nil }
    if allowsRewritten { return candidate }
    let address = candidate.address
    throw .cause(
      isBehind
        ? Refusal.back(address, reference, known)
        : Refusal.rewritten(address, reference, known, name: candidate.name))
  }

  /// Whether another remote may do better.
  private static func concernsRemote(_ error: SourceError) -> Bool {
    error.code != .cancelled && error.code != .host
  }

  private static func combined(_ failures: [SourceError]) -> SourceError {
    guard var error = failures.first else { return SourceError(.unreachable, "no remote is given") }
    error.message = failures.map(\.message).joined(separator: "; ")
    return error
  }

  /// Says once that a remote does not serve, and once that it does again.
  private func tell(_ address: RepositoryAddress, _ trouble: String?) {
    guard addresses.count > 1 else { return }
    let before = told.withLock { told in
      defer { told[address.description] = trouble }
      return told[address.description]
    }
    guard before != trouble else { return }
    if let trouble {
      logger.warning(
        "remote is passed over", metadata: ["remote": "\(address)", "reason": "\(trouble)"])
    } else {
      logger.info("remote serves again", metadata: ["remote": "\(address)"])
    }
  }
}
