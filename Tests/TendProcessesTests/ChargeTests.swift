import Testing

@testable import TendProcesses

/// A charge whose effects are played by hand.
struct Play {
  var charge = Charge(id: "u/web", seed: 1)
  var now: Int64 = 1_000
  /// The wall clock, which only tells people.
  var wall: Int64 = 1_000_000
  private var nextProcess: Int32 = 100
  /// What was done, newest last.
  private(set) var done: [String] = []
  /// Starts that fail, by the digest of what is started.
  var failing: Set<String> = []

  static func order(
    _ digest: String = "a", replicas: Int = 1, _ change: (inout Care) -> Void = { _ in }
  ) -> Order {
    var care = Care()
    care.replicas = replicas
    care.restart = RestartPolicy(
      rule: .always, initialDelay: 100, maximumDelay: 1000, stableAfter: 5000)
    care.stop = StopSequence(steps: [
      .init(signal: .term, wait: 10_000), .init(signal: .kill, wait: 0),
    ])
    change(&care)
    return Order(
      id: "u/web",
      launch: Launch(
        command: ["/bin/x"], directory: "/", environment: [], account: nil, openFiles: 0,
        notifies: false, watchdog: 0, digest: digest),
      care: care, face: "{}", reloadVersion: "")
  }

  /// Decides and does until nothing more is to be done now.
  mutating func settle() {
    for _ in 0..<100 {
      let actions = charge.advance(now)
      for action in actions { perform(action) }
      if !actions.contains(where: { if case .start = $0 { true } else { false } }) { return }
    }
    Issue.record("it never settles")
  }

  private mutating func perform(_ action: Charge.Action) {
    switch action {
    case .start(let serial, let launch, let replica):
      done.append("start \(serial) \(launch.digest)")
      guard !failing.contains(launch.digest) else {
        return charge.failedToStart(serial, "can't run it", at: now)
      }
      nextProcess += 1
      _ = replica
      charge.started(
        serial,
        .init(
          identity: ProcessIdentity(boot: "b", process: nextProcess, started: 1), since: now,
          startedAt: wall, isChild: true))
    case .signal(let serial, let signal, let all):
      done.append("\(signal) \(serial)\(all ? " all" : "")")
    case .ask(let serial, _, _): done.append("ask \(serial)")
    case .look: break
    case .discard(let serial): done.append("discard \(serial)")
    }
  }

  mutating func keep(_ order: Order) {
    charge.keep(order, at: now)
    settle()
  }

  mutating func exit(_ serial: UInt32, _ exit: Exit = .signal(9), leaving: Bool = false) {
    charge.exited(serial, exit, leaving: leaving, at: now, wall: wall)
    settle()
  }

  mutating func pass(_ time: Int64) {
    now += time
    settle()
  }

  mutating func ready(_ serial: UInt32) {
    charge.becameReady(serial)
    settle()
  }

  /// What was done since the last call.
  mutating func take() -> [String] {
    defer { done = [] }
    return done
  }

  func instance(_ serial: UInt32) throws -> Instance {
    try #require(charge.instances.first { $0.serial == serial })
  }
}

@Suite("a charge decides what is done next")
struct ChargeTests {
  static let slow: @Sendable (inout Care) -> Void = { care in
    care.readiness = Probe(
      method: .notify, interval: 10, timeout: 10, deadline: 500)
  }

  @Test("one that is killed is started again at once, then after longer and longer waits")
  func restarts() throws {
    var play = Play()
    play.keep(Play.order())
    #expect(play.take() == ["start 1 a"])
    play.exit(1)
    #expect(play.take() == ["start 1 a"])
    play.exit(1)
    #expect(play.take() == [])
    play.pass(100)
    #expect(play.take() == ["start 1 a"])
    play.pass(5000)
    play.exit(1)
    #expect(play.take() == ["start 1 a"], "it was stable")
    #expect(try play.instance(1).restarts == 3)
  }

  @Test(
    "T45: a wall clock that is stepped changes no wait and no count",
    arguments: [-3_600_000_000_000, 86_400_000_000_000, Int64.min / 2])
  func steppedClock(step: Int64) throws {
    var play = Play()
    play.keep(Play.order())
    play.exit(1)
    play.wall &+= step
    play.pass(4999)
    play.exit(1)
    #expect(play.take() == ["start 1 a", "start 1 a"], "the second end in a row waits")
    play.pass(100)
    #expect(play.take() == ["start 1 a"])
    play.pass(5000)
    #expect(try play.instance(1).backoff.failures == 0, "it was stable")
  }

  @Test("one that may not be restarted is finished, and stays so")
  func finished() throws {
    var play = Play()
    play.keep(Play.order { $0.restart.rule = .onFailure })
    play.exit(1, .status(0))
    play.pass(100_000)
    #expect(play.take() == ["start 1 a"])
    #expect(try play.instance(1).phase == .finished)
    play.keep(Play.order("b") { $0.restart.rule = .onFailure })
    #expect(play.take() == ["start 1 b"], "another launch runs again")
  }

  @Test("T52: what it leaves behind is ended before it is started again")
  func leftovers() {
    var play = Play()
    play.keep(Play.order())
    _ = play.take()
    play.exit(1, .status(0), leaving: true)
    #expect(play.take() == ["TERM 1 all"])
    play.pass(10_000)
    #expect(play.take() == ["KILL 1 all"])
    play.pass(200_000_000)
    #expect(play.take() == ["KILL 1 all"], "a descendant that came meanwhile")
    play.charge.looked(1, hasDescendants: false)
    play.settle()
    #expect(play.take() == ["start 1 a"])
  }

  @Test("T51: one that ignores TERM is killed with all its descendants")
  func stopping() {
    var play = Play()
    play.keep(Play.order())
    _ = play.take()
    play.charge.release()
    play.settle()
    #expect(play.take() == ["TERM 1"])
    play.pass(9_999)
    #expect(play.take() == [])
    play.pass(1)
    #expect(play.take() == ["KILL 1 all"])
    play.exit(1)
    #expect(play.take() == ["discard 1"])
    #expect(play.charge.instances.isEmpty)
  }

  @Test("a sequence without KILL waits for ever, and says so")
  func patient() throws {
    var play = Play()
    play.keep(Play.order { $0.stop = .init(steps: [.init(signal: .term, wait: 10)]) })
    play.charge.release()
    play.settle()
    play.pass(1_000_000)
    #expect(play.take() == ["start 1 a", "TERM 1"])
    #expect(play.charge.nextMoment(after: play.now) == nil)
    #expect(Report(play.charge, at: play.now).processes.first?.stopSignal == 15)
  }

  @Test(
    "an edit of what is only care restarts nothing",
    arguments: ["stop", "logs", "liveness", "restart", "limits"])
  func care(field: String) {
    var play = Play()
    play.keep(Play.order())
    _ = play.take()
    play.keep(
      Play.order { care in
        switch field {
        case "stop": care.stop = .standard
        case "logs": care.logs.keep = 9
        case "liveness":
          care.liveness = Probe(method: .notify, interval: 900, timeout: 1, deadline: 0)
        case "restart": care.restart.rule = .never
        default: care.limits.memory = 1 << 30
        }
      })
    #expect(play.take() == [])
  }

  @Test("replicas are replaced one after another, each ready before the next")
  func rollout() {
    var play = Play()
    play.keep(Play.order(replicas: 3, Self.slow))
    for serial in 1...3 { play.ready(UInt32(serial)) }
    _ = play.take()
    play.keep(Play.order("b", replicas: 3, Self.slow))
    #expect(play.take() == ["TERM 1"])
    play.exit(1)
    #expect(play.take() == ["start 1 b"])
    play.pass(10)
    #expect(play.take() == [], "the next waits until the first is ready")
    play.ready(1)
    #expect(play.take() == ["TERM 2"])
    play.exit(2)
    play.ready(2)
    play.exit(3)
    play.ready(3)
    #expect(play.charge.instances.allSatisfy { $0.digest == "b" && $0.isReady })
  }

  @Test("a new version that is never ready stops the rollout, and the old ones go on serving")
  func failedRollout() throws {
    var play = Play()
    play.keep(
      Play.order(replicas: 3) { care in
        Self.slow(&care)
        care.rollout.maximumUnavailable = 2
      })
    for serial in 1...3 { play.ready(UInt32(serial)) }
    play.keep(
      Play.order("b", replicas: 3) { care in
        Self.slow(&care)
        care.rollout.maximumUnavailable = 1
      })
    play.exit(1)
    _ = play.take()
    play.pass(500)
    #expect(play.charge.stuck(at: play.now)?.serial == 1)
    play.pass(100_000)
    #expect(play.take() == [])
    #expect(try play.instance(2).digest == "a")
    #expect(try play.instance(3).isReady)
    play.keep(Play.order("c", replicas: 3, Self.slow))
    #expect(play.take() == ["TERM 1"], "what does not serve is replaced at once")
  }

  @Test("with a surge the new one is ready before the old one goes")
  func surge() {
    var play = Play()
    let care: (inout Care) -> Void = { care in
      Self.slow(&care)
      care.rollout = Rollout(maximumUnavailable: 0, maximumSurge: 1)
    }
    play.keep(Play.order("a", care))
    play.ready(1)
    _ = play.take()
    play.keep(Play.order("b", care))
    #expect(play.take() == ["start 2 b"])
    play.ready(2)
    #expect(play.take() == ["TERM 1"])
    play.exit(1)
    #expect(play.take() == ["discard 1"])
    play.pass(1)
    #expect(play.charge.instances.map(\.serial) == [2])
  }

  @Test("fewer replicas end the last ones, more start new ones")
  func scaling() {
    var play = Play()
    play.keep(Play.order(replicas: 3))
    _ = play.take()
    play.keep(Play.order(replicas: 1))
    #expect(play.take() == ["TERM 2", "TERM 3"])
    play.exit(2)
    play.exit(3)
    #expect(play.take() == ["discard 2", "discard 3"])
    play.keep(Play.order(replicas: 2))
    #expect(play.take() == ["start 4 a"])
  }

  @Test("T57: what can't be started waits, and a corrected declaration starts at once")
  func failedStart() throws {
    var play = Play()
    play.failing = ["a"]
    play.keep(Play.order())
    for _ in 0..<4 { play.pass(2_000_000_000) }
    #expect(try play.instance(1).backoff.isLooping)
    _ = play.take()
    play.keep(Play.order("b"))
    #expect(play.take() == ["start 1 b"])
    #expect(try !play.instance(1).backoff.isLooping)
  }

  @Test("a request restarts within what the rollout allows")
  func restart() {
    var play = Play()
    play.keep(Play.order(replicas: 2))
    _ = play.take()
    play.charge.restart()
    play.settle()
    #expect(play.take() == ["TERM 1"])
    play.exit(1)
    #expect(play.take() == ["start 1 a", "TERM 2"])
  }

  @Test("three wrong answers in a row end one that was ready; a right one between forgives")
  func liveness() throws {
    var play = Play()
    play.keep(
      Play.order { care in
        care.liveness = Probe(
          method: .tcp(host: "localhost", port: "1"), interval: 10, timeout: 5, deadline: 0)
      })
    play.pass(10)
    #expect(play.take() == ["start 1 a", "ask 1"])
    for problem in ["no", "no", nil, "no", "no", "no"] as [String?] {
      play.charge.answered(1, problem: problem, at: play.now)
      play.pass(10)
    }
    #expect(play.take().last == "TERM 1")
    play.exit(1, .status(0))
    #expect(play.take() == ["start 1 a"])
  }

  @Test("one that is silent for longer than it may is ended")
  func watchdog() {
    var play = Play()
    play.keep(
      Play.order { care in
        care.liveness = Probe(method: .notify, interval: 100, timeout: 1, deadline: 0)
      })
    _ = play.take()
    play.pass(99)
    play.charge.gaveSign(1, at: play.now)
    play.pass(99)
    #expect(play.take() == [])
    play.pass(1)
    #expect(play.take() == ["TERM 1"])
  }

  @Test("another version of what it reloads on is told with a signal, once")
  func reload() {
    var play = Play()
    play.keep(Play.order())
    _ = play.take()
    var order = Play.order()
    order.reloadVersion = "2"
    play.keep(order)
    play.pass(1)
    #expect(play.take() == ["HUP 1"])
  }

  @Test("T58: what is adopted runs on, and its exit restarts it once the order is known")
  func adoption() throws {
    var first = Play()
    first.keep(Play.order())
    first.ready(1)
    let instance = try first.instance(1)
    let record = try #require(InstanceRecord(instance, of: first.charge))
    var play = Play()
    play.charge.adopt(record, instance.main, at: play.now, wall: play.now)
    play.settle()
    play.keep(Play.order())
    #expect(play.take() == [])
    #expect(try play.instance(1).isReady)
    play.exit(1, .unknown)
    #expect(play.take() == ["start 1 a"])
  }

  @Test("one that ended while nobody watched is not restarted where never is the rule")
  func unknownExit() throws {
    var first = Play()
    first.keep(Play.order { $0.restart.rule = .never })
    let record = try #require(InstanceRecord(try first.instance(1), of: first.charge))
    var play = Play()
    play.charge.adopt(record, nil, at: play.now, wall: play.now)
    play.charge.looked(1, hasDescendants: false)
    play.settle()
    play.keep(Play.order { $0.restart.rule = .never })
    play.pass(1_000_000)
    #expect(play.take().filter { $0.hasPrefix("start") } == [])
    #expect(try play.instance(1).lastExit?.exit == .unknown)
  }
}
