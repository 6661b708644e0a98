public import Tend

extension ProcessProvider {
  /// Tells the holder what to keep from now on, or to end it.
  ///
  /// The holder does it by itself from there, replica by replica; this looks again until it is so.
  public func apply(
    _ change: Change<ProcessSpec>, _ journal: Journal<ProcessSpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    let home = try home()
    guard home.residence.isAgent else {
      throw .permanent(
        "processes need an agent that stays to look after them",
        remedy: "start one with tend agent")
    }
    switch change.action {
    case .create(let spec), .replace(_, let spec):
      return try await keep(spec, home, context)
    case .update(let current, let spec):
      if current.running > 0, change.restartsSilently {
        throw .permanent(
          "what it is started with can't be changed, since its restart is left alone",
          remedy: "take \(ProcessSpec.restartPath) out of ignoreDifferences")
      }
      return try await keep(spec.limited(to: change, from: current), home, context)
    case .delete(let current):
      _ = try await release(current.id, home, context)
      return .done
    }
  }

  private func keep(
    _ spec: ProcessSpec, _ home: Home, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    let secrets = try await secrets(of: spec, context)
    let order = Order(
      id: spec.id, launch: try launch(spec, secrets), care: spec.declared.care,
      face: Face(spec, secrets: secrets.digests).json,
      reloadVersion: LaunchDigest.of(
        spec.reloadVersions.map { "\($0.reference)=\($0.text)" }.joined(separator: " ")))
    guard let report = try home.keep(order) else { throw .transient("the holder has gone") }
    if let stuck = report.stuck {
      throw ProviderError(
        .transient, stuck + report.excerpt,
        remedy: "correct the declaration; the replicas that serve are left alone")
    }
    let state = ProcessState(report, boot: ProcessIdentity.boot)
    if state.outdated == 0 { return .done }
    return .underway(
      checkAfter: .seconds(10),
      "\(state.total - state.outdated) of \(state.total) replicas run with what is declared")
  }

  /// Has the holder end it; whether there was something to end.
  private func release(
    _ id: String, _ home: Home, _ context: Context
  ) async throws(ProviderError) -> Bool {
    guard let reply = try home.connection.ask(.release(id: id)), try home.report(reply) != nil
    else { return false }
    // Short, so that one that does not end holds nothing else up; it is asked about again.
    let patience = min(context.remaining, .seconds(5))
    guard let report = try home.connection.awaitEnd(of: id, patience: patience) else {
      home.mirror.remove(id)
      return true
    }
    throw .transient(
      "waits for the end of \(report.blockers)", retryAfter: .seconds(1))
  }

  /// Ends it, as a delete does: for `--stop-on-exit`.
  public func vacate(_ id: String, _ context: Context) async throws(ProviderError) -> Bool {
    let home = try home()
    var wasThere = false
    while true {
      do {
        return try await release(id, home, context) || wasThere
      } catch {
        wasThere = true
        if error.code != .transient || context.remaining <= .zero || Task.isCancelled {
          throw error
        }
      }
    }
  }

  /// The holder goes on with it by another name; no process is touched.
  public func rename(
    _ old: String, to new: String, _ context: Context
  ) async throws(ProviderError) {
    let home = try home()
    guard home.residence.isAgent else {
      throw .permanent(
        "processes need an agent that stays to look after them",
        remedy: "start one with tend agent")
    }
    // One that has died left it to be taken up under its old name.
    if try home.report(old) == nil { return }
    guard let reply = try home.connection.ask(.rename(id: old, to: new)) else {
      throw .transient("the holder has gone")
    }
    home.mirror.remove(old)
    _ = try home.report(reply)
  }

  /// Starts all replicas anew, within what the rollout allows.
  public func restart(_ id: String, _ context: Context) async throws(ProviderError) {
    let home = try home()
    guard let reply = try home.connection.ask(.restart(id: id)), try home.report(reply) != nil
    else {
      throw .permanent(
        "nothing of it runs, and no holder knows of it",
        remedy: "change its declaration, or tend reconcile it")
    }
  }
}

extension ProcessSpec {
  /// As it should be in the fields that a change names, and as it is in all others.
  func limited(
    to change: Change<ProcessSpec>, from current: ProcessState
  ) throws(ProviderError) -> ProcessSpec {
    guard let face = current.face, case .map(let before) = face.spec,
      case .map(var fields) = declared.spec
    else { return self }
    let names = Set(before.entries.map(\.key)).union(fields.entries.map(\.key))
    for name in names.sorted() where !change.names(field: name) {
      fields[name] = before[name]
    }
    guard .map(fields) != declared.spec else { return self }
    do throws(Diagnostics) {
      var spec = ProcessSpec(id: id, try Fields.read(.map(fields)))
      spec.restartVersions = restartVersions
      spec.reloadVersions = reloadVersions
      return spec
    } catch {
      throw ProviderError(
        .permanent, "the fields that are left alone do not fit the others", cause: error)
    }
  }
}

extension Change where Desired == ProcessSpec {
  /// Whether it names what means a restart, and not the restart.
  fileprivate var restartsSilently: Bool {
    differences.contains { FieldChanges.isLaunching($0.path) }
      && !differences.contains { $0.path == ProcessSpec.restartPath }
  }

  /// Whether it names a field of the spec or a part of it; that it restarts is no field.
  fileprivate func names(field: String) -> Bool {
    differences.contains { difference in
      let path = difference.path
      return path == field && path != ProcessSpec.restartPath || path.hasPrefix(field + ".")
        || path.hasPrefix(field + "[")
    }
  }
}

extension Report {
  /// The last lines of what does not work, for a message.
  var excerpt: String {
    guard let lines = processes.first(where: { !$0.lastLines.isEmpty })?.lastLines else {
      return ""
    }
    return "; its last lines: " + lines.joined(separator: " | ")
  }

  /// What has not ended yet.
  var blockers: String {
    let names = processes.map { process in
      let signal = Signal(number: process.stopSignal)
      let what = process.process == 0 ? "descendants" : "process \(process.process)"
      return "\(what) of replica \(process.replica)"
        + (process.stopSignal == 0 ? "" : ", which was sent \(signal)")
    }
    return names.isEmpty ? "the holder" : names.joined(separator: "; ")
  }
}
