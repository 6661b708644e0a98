private import CTendProcesses
internal import Tend

/// One agent that talks to the holder.
final class Client {
  let socket: Descriptor
  var received: [UInt8] = []
  /// What could not be sent yet.
  var unsent: [UInt8] = []
  var isWatching = false
  /// Whose end it waits for.
  var awaited: String?

  init(_ socket: Descriptor) { self.socket = socket }

  /// One that does not read is let go, so that nothing grows without end.
  static let mostUnsent = 64 << 20
}

extension Holder {
  func accept(_ listener: Descriptor) {
    while true {
      let result = tend_accept(listener.raw)
      if SystemError.noDescriptors.contains(-result) {
        if reserve.popLast() != nil { continue }
        // Whoever waits is heard once somebody has gone; to be told again and again helps nobody.
        change(listener.raw, 0)
        isDeaf = true
      }
      guard let socket = try? Descriptor(result) else { return }
      let peer = tend_peer(socket.raw)
      guard peer == 0 || peer == Int64(tend_user()) else { continue }
      let client = Client(socket)
      clients.append(client)
      watch(socket.raw, .client(client))
    }
  }

  func attend(_ client: Client, _ events: UInt32) {
    do {
      if events & UInt32(TEND_WRITABLE) != 0 { try flush(client) }
      if events & UInt32(TEND_READABLE | TEND_BROKEN) != 0 {
        let bytes = try client.socket.read(upTo: 64 << 10)
        if bytes.isEmpty { return drop(client) }
        client.received += bytes
        while let body = try Frame.take(from: &client.received) {
          answer(try Frame.decode(HolderRequest.self, body), client)
        }
      }
    } catch let error as SystemError where error.code == SystemError.tryAgain {
      return
    } catch {
      drop(client)
    }
  }

  /// Keeps descriptors back, so that there are some for conversations when processes take all.
  func replenish() {
    while reserve.count < Self.reserved, let spare = try? devices.open("null", OpenFlags.reading) {
      reserve.append(spare)
    }
    guard isDeaf, !reserve.isEmpty else { return }
    isDeaf = false
    change(listener.raw, UInt32(TEND_READABLE))
  }

  private func drop(_ client: Client) {
    unwatch(client.socket.raw)
    clients.removeAll { $0 === client }
  }

  func send(_ reply: HolderReply, to client: Client) {
    client.unsent += Frame.bytes(reply)
    guard client.unsent.count <= Client.mostUnsent else { return drop(client) }
    do throws(SystemError) {
      try flush(client)
    } catch {
      if error.code != SystemError.tryAgain { drop(client) }
    }
  }

  private func flush(_ client: Client) throws(SystemError) {
    do throws(SystemError) {
      while !client.unsent.isEmpty {
        client.unsent.removeFirst(try client.socket.writeSome(client.unsent))
      }
    } catch {
      if error.code == SystemError.tryAgain {
        change(client.socket.raw, UInt32(TEND_READABLE | TEND_WRITABLE))
      }
      throw error
    }
    change(client.socket.raw, UInt32(TEND_READABLE))
  }

  private func answer(_ request: HolderRequest, _ client: Client) {
    switch request {
    case .hello:
      send(.hello(version: Frame.version, process: tend_own_process()), to: client)
    case .keep(let order): keep(order, client)
    case .release(let id):
      kept[id]?.charge.release()
      tell(id, to: client)
    case .rename(let id, let new):
      rename(id, to: new)
      tell(new, to: client)
    case .restart(let id):
      kept[id]?.charge.restart()
      tell(id, to: client)
    case .awaitEnd(let id):
      client.awaited = id
      if kept[id] == nil { send(.gone(id: id), to: client) }
    case .report(let id): tell(id, to: client)
    case .watch:
      client.isWatching = true
      for id in kept.keys.sorted() { tell(id, to: client) }
      send(.synchronised, to: client)
    case .leave: leave()
    }
  }

  /// What is known of one charge once everything has been done for it that can be done now.
  private func tell(_ id: String, to client: Client) {
    touched.insert(id)
    settle()
    guard let kept = kept[id] else { return send(.gone(id: id), to: client) }
    send(.report(kept.told ?? kept.report(at: now)), to: client)
  }

  /// Takes an order, after a try that touches nothing where something would be started anew.
  private func keep(_ order: Order, _ client: Client) {
    // What is started for the first time was tried by the agent just now, and risks nothing.
    let isChange = kept[order.id].map { $0.charge.order?.launch.digest != order.launch.digest }
    do throws(HolderReply.Refusal) {
      if isChange == true { try rehearse(order) }
      let charge = kept[order.id] ?? makeKept(order.id)
      kept[order.id] = charge
      let before = charge.charge.care
      charge.charge.keep(order, at: now)
      try apply(order.care, before, to: charge)
    } catch {
      return send(.refused(error), to: client)
    }
    tell(order.id, to: client)
  }

  private func rehearse(_ order: Order) throws(HolderReply.Refusal) {
    let launch = order.launch.expanded(for: 0)
    do throws(Starter.Failure) {
      try Starter.rehearse(launch)
    } catch {
      throw HolderReply.Refusal(
        message: error.words(launch), field: error.field, isPermanent: !error.isTransient)
    }
  }

  /// Limits of what runs already.
  private func apply(
    _ care: Care, _ before: Care, to kept: Kept
  ) throws(HolderReply.Refusal) {
    for output in kept.outputs.values { output.change(care.logs) }
    guard care.limits != before.limits else { return }
    for body in kept.bodies.values {
      do throws(SystemError) {
        try body.group?.limit(care.limits)
      } catch {
        throw HolderReply.Refusal(
          message: "can't change its limits: \(error.text)", field: "limits", isPermanent: true)
      }
    }
  }
}
