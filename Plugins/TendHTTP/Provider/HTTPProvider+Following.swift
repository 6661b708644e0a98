internal import Tend

extension HTTPProvider {
  /// How an operation goes.
  private enum State {
    case running(checkAfter: Duration)
    case done
    case failed(String)
  }

  /// Where an accepted operation is followed (RFC 9110, section 15.3.3).
  func statusAddress(_ answer: Answer) -> WebAddress? {
    let text = answer["operation-location"] ?? answer["azure-asyncoperation"] ?? answer["location"]
    guard let text, let address = answer.address.resolving(text),
      address.hasSameOrigin(as: answer.address)
    else { return nil }
    return address
  }

  /// Follows an operation as long as the call may take; the engine comes back for the rest.
  func follow(
    _ memory: ObjectMemory, _ service: Service, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    guard let operation = memory.operation, let address = WebAddress(operation) else {
      return .done
    }
    while true {
      switch try await state(at: address, memory.recipe.progress, service, context) {
      case .done: return .done
      case .failed(let why): throw .permanent(why, remedy: "look at the service's log")
      case .running(let pause):
        if pause + .seconds(2) > context.remaining {
          return .underway(checkAfter: pause, "the service works on it: \(address)")
        }
        try await context.sleep(for: pause)
      }
    }
  }

  /// An operation of an earlier call: still running, or over one way or the other.
  func settle(
    _ memory: inout ObjectMemory, _ service: Service, _ context: Context
  ) async throws(ProviderError) {
    guard let operation = memory.operation, let address = WebAddress(operation) else { return }
    switch try await state(at: address, memory.recipe.progress, service, context) {
    case .running(let pause):
      throw .transient("the service still works on it: \(address)", retryAfter: pause)
    case .failed(let why):
      context.note(why)
      // What was being made does not come any more.
      if memory.stage == .created { memory.stage = .seen }
    case .done: break
    }
    memory.operation = nil
  }

  private func state(
    at address: WebAddress, _ progress: Recipe.Progress, _ service: Service,
    _ context: Context
  ) async throws(ProviderError) -> State {
    let answer = try await service.perform(
      Service.Call(method: "GET", address: address, isRepeatable: true), context)
    let pause = max(.milliseconds(100), answer.retryAfter(context) ?? .seconds(1))
    if answer.status == 202 { return .running(checkAfter: pause) }
    // A status URL that is gone says that nothing runs any more.
    if answer.status == 404 || answer.status == 410 { return .done }
    guard (200..<300).contains(answer.status) else {
      throw answer.failure(service.connection, retryAfter: answer.retryAfter(context))
    }
    guard let pointer = progress.pointer, !answer.isEmpty else { return .done }
    let state = pointer.value(in: try answer.value()) ?? .null
    if progress.running.contains(state) { return .running(checkAfter: pause) }
    if progress.failed.contains(state) {
      return .failed("\(answer.name): the operation failed\(answer.excerpt)")
    }
    return .done
  }
}
