private import CTendProcesses
public import Tend

extension ProcessProvider {
  /// What the holder says of all replicas, and whether what would be started could be.
  public func observe(
    _ target: Target<ProcessSpec>, _ context: Context
  ) async throws(ProviderError) -> ProcessState? {
    let home = try home()
    let known = try home.state(target.id)
    guard let desired = target.desired else { return known }
    let secrets = try await secrets(of: desired, context)
    guard var state = known, let report = state.report, !report.isReleased else {
      if let memory = target.memory, memory.isFinal(for: desired, secrets) {
        return ProcessState(id: target.id, memory, Face(desired, secrets: secrets.digests))
      }
      try await rehearse(desired, secrets, home)
      return nil
    }
    state.staleSecrets = desired.declared.environment.compactMap { variable in
      guard let digest = secrets.digests[variable.name] else { return nil }
      return state.face?.secrets[variable.name] == digest ? nil : variable.name
    }
    // What the holder has taken on was tried then.
    if !state.isSettled(as: desired),
      report.digest != LaunchDigest.of(desired, secrets: secrets.digests)
    {
      try await rehearse(desired, secrets, home)
    }
    try checkLimits(desired, home)
    return state
  }

  /// The secrets of an environment as they are now.
  struct Secrets: Sendable {
    var values: [String: Sensitive<String>] = [:]
    /// Keyed, so that they may be remembered.
    var digests: [String: String] = [:]
  }

  func secrets(
    of spec: ProcessSpec, _ context: Context
  ) async throws(ProviderError) -> Secrets {
    var secrets = Secrets()
    for variable in spec.declared.environment {
      guard case .secret(let source) = variable.content else { continue }
      do {
        let secret = try await context.secret(source)
        secrets.values[variable.name] = secret
        secrets.digests[variable.name] = context.digest(of: secret)
      } catch {
        var failure = error
        failure.field = FieldPath([.key("environment"), .key(variable.name)]).description
        throw failure
      }
    }
    return secrets
  }

  // MARK: What depends on this machine

  /// Does all but run the program, so that what can't be is known before anything is stopped.
  private func rehearse(
    _ spec: ProcessSpec, _ secrets: Secrets, _ home: Home
  ) async throws(ProviderError) {
    try checkLimits(spec, home)
    let launch = try launch(spec, secrets).expanded(for: 0)
    do throws(Starter.Failure) {
      try Starter.rehearse(launch)
    } catch {
      let code: ProviderError.Code =
        error.isTransient ? .transient : error.code == 1 ? .notPermitted : .permanent
      throw ProviderError(
        code, error.words(launch), remedy: error.remedy(launch), field: error.field)
    }
  }

  private func checkLimits(_ spec: ProcessSpec, _ home: Home) throws(ProviderError) {
    let wanted = spec.declared.openFiles
    if wanted > 0, case let most = tend_descriptor_limit(), UInt64(wanted) > most,
      Account.own.user != 0
    {
      throw .permanent(
        "limits.openFiles is \(wanted), and the agent's own hard limit is \(most)",
        remedy: "ask for at most \(most), or raise the agent's limit", field: "limits.openFiles")
    }
    if let (field, controller) = home.cgroups.missing(for: spec.declared.care.limits) {
      throw .permanent(
        "\(field) needs the cgroup controller \(controller.rawValue), and the agent can't make a "
          + "group of it here",
        remedy: "run the agent as root or in a delegated group that has it, or leave the limit out",
        field: field)
    }
  }

  /// How it is started, with users as numbers and secrets as they are.
  func launch(_ spec: ProcessSpec, _ secrets: Secrets) throws(ProviderError) -> Launch {
    let declared = spec.declared
    let account = try account(declared)
    var environment = declared.environment.map { variable -> Launch.Variable in
      switch variable.content {
      case .text(let text): .init(name: variable.name, value: text)
      case .secret:
        .init(name: variable.name, value: secrets.values[variable.name]?.reveal() ?? "")
      }
    }
    var usual = [Launch.Variable(name: "PATH", value: Self.searchPath)]
    if let account, declared.user != nil {
      usual.append(.init(name: "HOME", value: account.home.isEmpty ? "/" : account.home))
      usual.append(.init(name: "USER", value: account.name))
      usual.append(.init(name: "LOGNAME", value: account.name))
    }
    environment += usual.filter { variable in
      !declared.environment.contains { $0.name == variable.name }
    }
    return Launch(
      command: declared.command, directory: declared.directory, environment: environment,
      account: account, openFiles: declared.openFiles, notifies: declared.notifies,
      watchdog: declared.watchdog,
      digest: LaunchDigest.of(spec, secrets: secrets.digests))
  }

  private static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  private func account(_ declared: ProcessSpec.Fields) throws(ProviderError) -> Account? {
    guard declared.user != nil || declared.group != nil else { return nil }
    let own = Account.own
    let name = declared.user ?? "\(own.user)"
    guard var account = Account(named: name) else {
      throw .permanent(
        "there is no user \(name) on this machine", remedy: "create it, or declare another user",
        field: "user")
    }
    if let group = declared.group {
      guard let number = Account.group(named: group) else {
        throw .permanent(
          "there is no group \(group) on this machine",
          remedy: "create it, or declare another group", field: "group")
      }
      account.group = number
    }
    guard own.user == 0 else {
      // What is so already needs no right.
      if account.user == own.user, account.group == own.group { return nil }
      throw .notPermitted(
        "the agent may not start processes as \(name)",
        remedy: "run the agent as root, or leave user and group out",
        field: declared.user != nil ? "user" : "group")
    }
    return account
  }
}

extension Starter.Failure {
  fileprivate func remedy(_ launch: Launch) -> String? {
    switch field {
    case "command":
      "install it, make it executable for whom it runs as, or correct the command"
    case "directory": "create it, or let whom it runs as enter it"
    case "limits.openFiles": "ask for less, or raise the agent's own limit"
    default: nil
    }
  }
}

extension ProcessMemory {
  /// Whether it tells how exactly this ended for good, so that nothing is to be done.
  fileprivate func isFinal(for spec: ProcessSpec, _ secrets: ProcessProvider.Secrets) -> Bool {
    guard !ends.isEmpty, digest == LaunchDigest.of(spec, secrets: secrets.digests) else {
      return false
    }
    let policy = spec.declared.care.restart
    guard ends.allSatisfy({ !policy.restarts(after: $0.exit) }) else { return false }
    return boot == ProcessIdentity.boot || !spec.declared.rerunsOnBoot
  }
}
