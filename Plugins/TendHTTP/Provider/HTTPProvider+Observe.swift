public import Tend

extension HTTPProvider {
  /// What a look found, before absence is believed.
  struct Sight: Sendable {
    var value: Value
    var entityTag: String?
    var identity: String?
    var isListed = false
    /// The item of a list that it is.
    var item: List.Item?
    /// For whatever of it is shown.
    var mask = Mask()
  }

  /// Looks at one object: by its own path, or among those of a search.
  ///
  /// What was there is absent only where a second look after a while agrees and the API is well.
  public func observe(
    _ target: Target<ObjectSpec>, _ context: Context
  ) async throws(ProviderError) -> HTTPObject? {
    guard var memory = memory(for: target) else { return nil }
    let service = services[memory.sharedConnection]
    try check(memory, target.memory)
    if memory.operation != nil { try await settle(&memory, service, context) }
    if let sight = try await look(memory, service, context) {
      return try await object(target, memory, sight, context)
    }
    // Somebody may have made it anew under another name; what nobody declares stays theirs.
    if target.desired != nil, memory.recipe.search != nil { memory.identity = nil }
    guard try await isGone(target.id, target.memory == nil ? nil : memory, service, context)
    else { return try await again(target, memory, service, context) }
    noteMove(target, memory, context)
    return nil
  }

  private func noteMove(
    _ target: Target<ObjectSpec>, _ memory: ObjectMemory, _ context: Context
  ) {
    guard let before = target.memory?.connection, before.place != memory.connection.place else {
      return
    }
    context.note(
      "API \(memory.connection.name) has moved and does not show it; nothing is done to what is at "
        + "the old place",
      [Detail("before", before.url), Detail("now", memory.connection.url)])
  }

  /// What to go by: as declared now, with what is remembered of it.
  func memory(for target: Target<ObjectSpec>) -> ObjectMemory? {
    guard let desired = target.desired else { return target.memory }
    guard var memory = target.memory else { return desired.newMemory }
    if memory.sharedConnection != desired.connection,
      memory.connection.place != desired.connection.wrappedValue.place
    {
      memory.operation = nil
      // Another service may have something else by that name; a search finds what is meant.
      if desired.recipe.wrappedValue.search != nil { memory.identity = nil }
    }
    memory.go(
      by: desired.connection, desired.recipe,
      confirmation: desired.type.fields.confirmAfter.wholeNanoseconds / 1_000_000)
    return memory
  }

  /// An API that has moved may show something else under a name that another service gave.
  private func check(
    _ memory: ObjectMemory, _ remembered: ObjectMemory?
  ) throws(ProviderError) {
    guard let remembered, let identity = memory.identity, memory.recipe.search == nil,
      remembered.connection.place != memory.connection.place
    else { return }
    throw .permanent(
      "the server called it \(identity) at \(remembered.connection.url); API "
        + "\(memory.connection.name) is at \(memory.connection.url) now",
      remedy: "add search: to its type, by which it is found there, or forget it: tend forget")
  }

  /// One look; nil where it is not to be seen.
  func look(
    _ memory: ObjectMemory, _ service: Service, _ context: Context
  ) async throws(ProviderError) -> Sight? {
    if let read = memory.recipe.read, let address = read.address(memory.identity) {
      return try await self.read(read, at: address, service, context)
    }
    guard let search = memory.recipe.search else { return nil }
    let items = try await pages(of: search, service, context)
    let found = try items.first { memory.recipe.means($0, by: search, memory.identity) }
    guard let found else { return nil }
    let identity = try name(of: found, by: search, memory, items.mask) ?? memory.identity
    if let read = memory.recipe.read, let identity, let address = read.address(identity) {
      var sight = try await self.read(read, at: address, service, context)
      sight?.identity = identity
      return sight
    }
    return Sight(value: found, identity: identity, isListed: true, mask: items.mask)
  }

  private func read(
    _ read: Recipe.Ask, at address: WebAddress, _ service: Service, _ context: Context
  ) async throws(ProviderError) -> Sight? {
    let answer = try await service.perform(
      call(read, address, isRepeatable: true, context), context)
    if read.absent.contains(answer.status) { return nil }
    guard read.done.contains(answer.status) else {
      throw answer.failure(service.connection, retryAfter: answer.retryAfter(context))
    }
    guard read.method != "HEAD", !answer.isEmpty else {
      return Sight(value: .null, entityTag: answer["etag"], mask: answer.mask)
    }
    let document = try answer.value()
    guard let value = read.select.value(in: document) else {
      throw .transient(
        "\(answer.name): \(answer.status), but the response has nothing at \(read.select)",
        remedy: "correct read.select, or see whether the service has changed")
    }
    if value == .null, read.nullIsAbsent { return nil }
    return Sight(value: value, entityTag: answer["etag"], mask: answer.mask)
  }

  func call(
    _ ask: Recipe.Ask, _ address: WebAddress, isRepeatable: Bool, _ context: Context
  ) async throws(ProviderError) -> Service.Call {
    var call = Service.Call(method: ask.method, address: address, isRepeatable: isRepeatable)
    call.headers = ask.headers.map { ($0.name, $0.value) }
    try await call.secrets.read(ask.headers.flatMap(\.value.sources), context)
    return call
  }

  /// What was seen, as a resource.
  func object(
    _ target: Target<ObjectSpec>, _ memory: ObjectMemory, _ sight: Sight, _ context: Context
  ) async throws(ProviderError) -> HTTPObject {
    recollection.forget(target.id)
    try check(sight, target.desired, memory)
    var memory = memory
    memory.wasSeen(as: sight.identity)
    return HTTPObject(
      id: target.id, memory: memory, value: sight.value, item: sight.item,
      entityTag: sight.entityTag,
      isListed: sight.isListed, mask: sight.mask, digest: try await target.desired?.digest(context))
  }

  /// A map does not turn into a list by drift.
  private func check(
    _ sight: Sight, _ desired: ObjectSpec?, _ memory: ObjectMemory
  ) throws(ProviderError) {
    guard let body = desired?.content, sight.value != .null else { return }
    let isMap: Bool =
      switch body {
      case .map, .value(.map): true
      default: false
      }
    if case .map = sight.value { return }
    guard isMap else { return }
    throw .transient(
      "\(desired?.path ?? memory.connection.url) shows \(sight.value.kindDescription), where a map "
        + "is declared",
      remedy: "correct read.select of its type, or see whether the service has changed")
  }

  // MARK: Absence

  /// Whether what is not to be seen is absent; throws where that is too early to say.
  func isGone(
    _ id: ObjectID, _ memory: ObjectMemory?, _ service: Service, _ context: Context
  ) async throws(ProviderError) -> Bool {
    guard let memory else { return true }
    if recollection.hasDeleted(id) { return true }
    switch memory.stage {
    case .announced:
      recollection.didAnnounce(id, memory)
      if memory.isRepeatable || memory.key != nil { return true }
      try wait(for: memory, "was about to be made, and no reply came", context)
      return true
    case .created:
      try wait(for: memory, "was made, and is not to be seen yet", context)
    case .seen: break
    }
    try await context.sleep(for: .milliseconds(memory.confirmation))
    if try await look(memory, service, context) != nil { return false }
    try await checkHealth(of: service, context)
    return true
  }

  private func wait(
    for memory: ObjectMemory, _ what: String, _ context: Context
  ) throws(ProviderError) {
    let passed = context.now.nanoseconds / 1_000_000_000 - (memory.since ?? 0)
    guard passed >= 0, passed < memory.patience else { return }
    throw .transient(
      "it \(what); it counts as absent after \(memory.patience - passed) s",
      remedy: "where the service is slower, raise create.visibleWithin",
      retryAfter: .seconds(min(max(1, passed), 10)))
  }

  /// It was seen after all.
  private func again(
    _ target: Target<ObjectSpec>, _ memory: ObjectMemory, _ service: Service, _ context: Context
  ) async throws(ProviderError) -> HTTPObject? {
    guard let sight = try await look(memory, service, context) else {
      throw .transient(
        "\(target.id) comes and goes", remedy: "see whether several servers answer, and agree")
    }
    return try await object(target, memory, sight, context)
  }

  /// An outage answers with 404 as well.
  func checkHealth(of service: Service, _ context: Context) async throws(ProviderError) {
    guard let base = WebAddress(service.connection.url) else { return }
    let address = service.connection.health.map { base.appending($0) } ?? base
    let answer = try await service.perform(
      Service.Call(method: "GET", address: address, isRepeatable: true), context)
    let isWell =
      service.connection.health == nil
      ? !answer.isOutage : (200..<300).contains(answer.status)
    guard isWell else {
      throw .transient(
        "it is not to be seen, but API \(service.connection.name) is not well: "
          + "\(answer.name): \(answer.status)\(answer.excerpt)",
        remedy: "nothing is made anew before it is")
    }
  }
}

extension ObjectSpec {
  /// What is remembered of an object that nothing is known of.
  var newMemory: ObjectMemory {
    var memory = ObjectMemory.Fields(connection, recipe, stage: .seen)
    memory.patience = type.fields.visibleWithin.wholeNanoseconds / 1_000_000_000
    memory.isRepeatable = type.fields.create.isRepeatable
    memory.confirmation = type.fields.confirmAfter.wholeNanoseconds / 1_000_000
    return ObjectMemory(memory)
  }

  /// A keyed digest of the secrets in its body, as they are now; nil where it has none.
  func digest(_ context: Context) async throws(ProviderError) -> String? {
    let texts = content?.secrets() ?? []
    guard !texts.isEmpty else { return nil }
    var secrets = Secrets()
    try await secrets.read(texts.flatMap(\.text.sources), context)
    let all = texts.map { "\($0.path)=\($0.text.revealed(secrets))" }.joined(separator: "\n")
    return context.digest(of: Sensitive(all))
  }
}
