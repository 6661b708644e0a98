import Tend

/// Without this the engine looks at every account once in an interval; with it, at once.
extension TenantProvider: DriftReporting {
  func watch(_ drift: Drift<String>) async throws(ProviderError) {
    await service.whileRunning { drift.mayHaveChanged($0) }
  }

  func forget(_ id: String) {}
}
