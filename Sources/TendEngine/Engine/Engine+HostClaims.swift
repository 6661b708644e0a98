import Tend

/// What several engines on one host must not own together.
extension Engine {
  /// Throws where another engine owns what is declared here.
  func checkHost(
    _ intake: Intake, _ nodes: [Node], _ visited: [Int32]
  ) async throws(EngineError) {
    guard let claims = core.claims else { return }
    let wanted = hostClaims(intake, nodes, visited)
    if wanted.isEmpty { return }
    let conflicts: [HostConflict]
    do throws(StoreError) {
      conflicts = try await claims.conflicts(among: wanted.map(\.claim))
    } catch {
      throw EngineError(error)
    }
    if !conflicts.isEmpty { throw Self.refusal(conflicts, wanted, intake) }
  }

  /// Runs a commit that makes what is declared ours, unless another engine owns some of it.
  func claimOnHost(
    _ prepared: Prepared, _ body: @Sendable () async throws(StoreError) -> Void
  ) async throws(EngineError) {
    let wanted =
      core.claims == nil
      ? [] : hostClaims(prepared.intake, prepared.nodes, prepared.visited)
    let conflicts: [HostConflict]
    do throws(StoreError) {
      guard let claims = core.claims, !wanted.isEmpty else { return try await body() }
      conflicts = try await claims.claim(wanted.map(\.claim), body)
    } catch {
      throw EngineError(error)
    }
    if !conflicts.isEmpty { throw Self.refusal(conflicts, wanted, prepared.intake) }
  }

  private func hostClaims(
    _ intake: Intake, _ nodes: [Node], _ visited: [Int32]
  ) -> [(claim: HostClaim, number: Int32)] {
    visited.compactMap { number in
      let node = nodes[Int(number)]
      let controller = stagingProviders[Int(node.controller)]
      guard let name = controller.hostName(of: node.slot) else { return nil }
      let key = InventoryKey(provider: controller.name, identity: intake.identity(number))
      return (HostClaim(name: name, key: key), number)
    }
  }

  private static func refusal(
    _ conflicts: [HostConflict], _ wanted: [(claim: HostClaim, number: Int32)], _ intake: Intake
  ) -> EngineError {
    var numbers: [HostClaim: Int32] = [:]
    for (claim, number) in wanted { numbers[claim] = number }
    let diagnostics = conflicts.compactMap { conflict -> Diagnostic? in
      guard let number = numbers[conflict.claim] else { return nil }
      let declaration = intake.declaration(number)
      return Diagnostic(
        .duplicateIdentity, at: declaration.place,
        "\(declaration.reference) claims \(conflict.claim.name) for the state directory "
          + "\(conflict.state), and that of \(conflict.owner) owns it",
        remedy: "declare it in one of them; tend forget \(declaration.reference) "
          + "--state-dir \(conflict.owner) gives it up there")
    }
    return EngineError(
      .invalid, "another agent on this host owns what is declared here",
      diagnostics: Diagnostics(diagnostics).sorted)
  }
}
