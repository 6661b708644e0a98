public import Tend

extension HTTPProvider {
  /// Makes, changes or removes one object.
  public func apply(
    _ change: Change<ObjectSpec>, _ journal: Journal<ObjectSpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let desired):
      try await writing(desired, context) { () throws(ProviderError) in
        try await create(desired, journal, context)
      }
    case .update(let current, let desired):
      try await writing(desired, context) { () throws(ProviderError) in
        try await update(current, desired, change, journal, context)
      }
    case .replace(let current, let desired):
      try await writing(desired, context) { () throws(ProviderError) in
        let removal = try await delete(current, journal, context)
        guard case .done = removal else { return removal }
        return try await create(desired, journal, context)
      }
    case .delete(let current): try await delete(current, journal, context)
    }
  }

  /// Lists are told of a write, and wait for those that go on at the same time.
  private func writing<Answer>(
    _ desired: ObjectSpec, _ context: Context,
    _ body: () async throws(ProviderError) -> Answer
  ) async throws(ProviderError) -> Answer {
    let target = Target<ObjectSpec>(id: desired.id, desired: desired, memory: nil)
    guard let group = group(of: target) else { return try await body() }
    lists.willWrite(of: group)
    defer { lists.didWrite(desired.id, of: group, context) }
    return try await body()
  }

  // MARK: Create

  /// Announced first, so that what comes of it is found again whatever happens to the reply.
  private func create(
    _ desired: ObjectSpec, _ journal: Journal<ObjectSpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    let service = services[desired.connection]
    let fields = desired.type.fields
    var memory = desired.newMemory
    if !fields.create.isRepeatable, try await look(memory, service, context) != nil {
      throw .conflict("\(desired.id) is there already")
    }
    memory.stage = .announced
    memory.since = context.now.nanoseconds / 1_000_000_000
    if fields.idempotencyKey != nil {
      memory.key = recollection.announcement(of: desired.id)?.key ?? newKey()
    }
    try await journal.record(memory)
    recollection.didAnnounce(desired.id, memory)
    let answer = try await send(fields.create, desired, service, context) { call, _ in
      if let header = fields.idempotencyKey, let key = memory.key {
        call.headers.append((header, SecretText(key)))
        call.isRepeatable = true
      }
    }
    recollection.forget(desired.id)
    memory.stage = .created
    memory.key = nil
    memory.identity = try identity(from: answer, desired)
    memory.digest = try await desired.digest(context)
    memory.operation = answer.status == 202 ? statusAddress(answer)?.description : nil
    if !fields.create.isRepeatable || memory.digest != nil || memory.operation != nil {
      try await journal.record(memory)
    }
    return try await follow(memory, service, context)
  }

  private func newKey() -> String {
    let parts = (0..<3).map { _ in String(UInt64(random() * 0x1p52), radix: 36) }
    return "tend-" + parts.joined()
  }

  /// What the server calls what it has made; nil where it names nothing.
  private func identity(
    from answer: Answer, _ desired: ObjectSpec
  ) throws(ProviderError) -> String? {
    switch desired.type.fields.identity {
    case nil: return nil
    case .header(let name):
      if let text = answer[name], let address = answer.address.resolving(text),
        address.hasSameOrigin(as: answer.address)
      {
        return try Self.name(address.description, answer.mask, answer.name)
      }
      return try unnamed(answer, "header \(name)", desired)
    case .pointer(let pointer):
      guard !answer.isEmpty, let text = pointer.value(in: try answer.value())?.plainText,
        !text.isEmpty
      else { return try unnamed(answer, "\(pointer)", desired) }
      return try Self.name(text, answer.mask, answer.name)
    }
  }

  /// A search finds it all the same.
  private func unnamed(
    _ answer: Answer, _ what: String, _ desired: ObjectSpec
  ) throws(ProviderError) -> String? {
    if desired.recipe.wrappedValue.search != nil { return nil }
    throw .permanent(
      "\(answer.name): \(answer.status), but the response has no \(what)\(answer.excerpt)",
      remedy: "correct identity: of the type")
  }

  // MARK: Update

  private func update(
    _ current: HTTPObject, _ desired: ObjectSpec, _ change: Change<ObjectSpec>,
    _ journal: Journal<ObjectSpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    let service = services[desired.connection]
    let current = try await fresh(current, desired, service, context)
    let fields = desired.type.fields
    let writing = Writing(desired, current, change.differences)
    let identity = current.memory.identity
    let answer = try await send(fields.update, desired, service, context, identity) { call, body in
      if let tag = current.entityTag { call.headers.append(("if-match", SecretText(tag))) }
      body = writing.body(body)
      call.contentType = writing.contentType
      // With a version it is refused the second time.
      if current.entityTag != nil { call.isRepeatable = fields.update.isRepeatable }
    }
    var memory = current.memory
    memory.digest = try await desired.digest(context)
    memory.operation = answer.status == 202 ? statusAddress(answer)?.description : nil
    if memory != current.memory { try await journal.record(memory) }
    return try await follow(memory, service, context)
  }

  /// What stood in a list is looked at by itself: for its entity tag, and for what has changed.
  private func fresh(
    _ current: HTTPObject, _ desired: ObjectSpec, _ service: Service, _ context: Context
  ) async throws(ProviderError) -> HTTPObject {
    guard current.isListed, current.memory.recipe.read != nil else { return current }
    guard let sight = try await look(current.memory, service, context) else {
      throw .conflict("\(desired.id) is gone since it was observed")
    }
    let fresh = HTTPObject(
      id: current.id, memory: current.memory, value: sight.value, entityTag: sight.entityTag,
      digest: current.digest)
    guard desired.differences(from: fresh) == desired.differences(from: current) else {
      throw .conflict("\(desired.id) has changed since it was observed")
    }
    return fresh
  }

  // MARK: Delete

  /// By what is remembered alone.
  private func delete(
    _ current: HTTPObject, _ journal: Journal<ObjectSpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    var memory = current.memory
    let service = services[memory.sharedConnection]
    let ask = memory.recipe.delete
    guard let address = ask.address(memory.identity) else {
      throw .permanent(
        "\(current.id) can't be deleted: what the server calls it is not known",
        remedy: "delete it there, and forget it here: tend forget")
    }
    var call = try await call(
      ask, address, isRepeatable: ask.method == "DELETE" || ask.method == "PUT", context)
    if let tag = current.entityTag { call.headers.append(("if-match", SecretText(tag))) }
    let answer = try await service.perform(call, context)
    guard ask.done.contains(answer.status) || ask.absent.contains(answer.status) else {
      throw answer.failure(
        service.connection, conflict: ask.conflict, retryAfter: answer.retryAfter(context))
    }
    recollection.didDelete(current.id)
    lists.didWrite(current.id, of: nil, context)
    if answer.status == 202, let operation = statusAddress(answer) {
      memory.operation = operation.description
      try await journal.record(memory)
    }
    return try await follow(memory, service, context)
  }

  // MARK: Sending

  /// Sends what an operation says, and throws where it did not succeed.
  private func send(
    _ operation: ObjectType.Operation, _ desired: ObjectSpec, _ service: Service,
    _ context: Context, _ identity: String? = nil,
    _ prepare: (inout Service.Call, inout Value?) -> Void
  ) async throws(ProviderError) -> Answer {
    guard let address = desired.address(of: operation, identity) else {
      throw .transient("\(desired.id): what the server calls it is not known yet")
    }
    var call = Service.Call(
      method: operation.method, address: address, isRepeatable: operation.isRepeatable)
    call.headers = desired.headers(of: operation)
    let content = desired.content(of: operation)
    try await call.secrets.read(
      (content?.sources ?? []) + call.headers.flatMap(\.value.sources), context)
    var body = content?.revealed(call.secrets)
    prepare(&call, &body)
    if let body { call.body = Array(body.json.utf8) }
    let answer = try await service.perform(call, context)
    guard operation.done.contains(answer.status) else {
      throw answer.failure(
        service.connection, conflict: operation.conflict, retryAfter: answer.retryAfter(context))
    }
    return answer
  }
}
