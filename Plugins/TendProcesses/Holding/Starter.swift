private import CTendProcesses

/// Starts processes, or tries whether one could be started.
enum Starter {
  /// Where and why a start failed.
  struct Failure: Error, Hashable {
    let step: Int32
    let code: Int32
  }

  /// What a new process is connected to.
  struct Surroundings {
    var input: Int32
    var output: Int32
    var cgroup: Int32 = -1
    var joined: [Int32] = []
  }

  /// Starts it; the answer is its id and a descriptor for it.
  static func start(
    _ launch: Launch, in surroundings: Surroundings
  ) throws(Failure) -> (process: Int32, descriptor: Descriptor) {
    var pidfd: Int32 = -1
    let process = try call(launch, surroundings, isRehearsal: false, &pidfd)
    guard let descriptor = try? Descriptor(pidfd) else { throw Failure(step: 1, code: 24) }
    return (process, descriptor)
  }

  /// Does all but run the program: throws what would fail before it runs.
  static func rehearse(_ launch: Launch) throws(Failure) {
    var pidfd: Int32 = -1
    // Only where a user is switched to, or a limit set, a process tries it.
    guard launch.account != nil || launch.openFiles > 0 else {
      _ = try call(launch, Surroundings(input: -1, output: -1), isRehearsal: true, &pidfd)
      return
    }
    guard let nothing = try? Folder(at: "/dev").open("null", OpenFlags.reading) else {
      throw Failure(step: Int32(TEND_STEP_DESCRIPTORS), code: 24)
    }
    _ = try call(
      launch, Surroundings(input: nothing.raw, output: nothing.raw), isRehearsal: true, &pidfd)
  }

  private static func call(
    _ launch: Launch, _ surroundings: Surroundings, isRehearsal: Bool, _ pidfd: inout Int32
  ) throws(Failure) -> Int32 {
    var failure = tend_launch_failure()
    let environment = launch.environment.map { "\($0.name)=\($0.value)" }
    let groups = launch.account?.groups ?? []
    let process = withPointers(launch.command) { arguments in
      withPointers(environment) { environment in
        launch.directory.withCString { directory in
          groups.withUnsafeBufferPointer { groups in
            surroundings.joined.withUnsafeBufferPointer { joined in
              var call = tend_launch()
              call.program = arguments.first.flatMap { UnsafePointer($0) }
              call.arguments = arguments.baseAddress
              call.environment = environment.baseAddress
              call.directory = directory
              (call.input, call.output) = (surroundings.input, surroundings.output)
              if let account = launch.account {
                call.switches_user = 1
                (call.user, call.group) = (account.user, account.group)
                (call.groups, call.group_count) = (groups.baseAddress, groups.count)
              }
              call.open_files = UInt64(clamping: launch.openFiles)
              call.cgroup = surroundings.cgroup
              (call.joined, call.joined_count) = (joined.baseAddress, joined.count)
              call.is_rehearsal = isRehearsal ? 1 : 0
              return tend_start(&call, &pidfd, &failure)
            }
          }
        }
      }
    }
    if process < 0 { throw Failure(step: failure.step, code: failure.error) }
    return process
  }

  /// The texts as C wants them, ended by a null pointer.
  private static func withPointers<Answer>(
    _ texts: [String], _ body: (UnsafeBufferPointer<UnsafeMutablePointer<CChar>?>) -> Answer
  ) -> Answer {
    let copies = texts.map { text in
      text.utf8CString.withUnsafeBufferPointer { bytes in
        let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = copy.initialize(from: bytes)
        return copy.baseAddress
      }
    }
    defer { for copy in copies { copy?.deallocate() } }
    let pointers = copies + [nil]
    return pointers.withUnsafeBufferPointer(body)
  }
}

extension Starter.Failure {
  private static let tooManyOpen: Set<Int32> = [11, 12, 23, 24]

  /// Whether it may work later without a change.
  var isTransient: Bool { Self.tooManyOpen.contains(code) || step == Int32(TEND_STEP_CLONE) }

  /// The field that is to blame.
  var field: String? {
    switch Int(step) {
    case TEND_STEP_LIMIT: "limits.openFiles"
    case TEND_STEP_CGROUP: "limits"
    case TEND_STEP_GROUP: "group"
    case TEND_STEP_USER: "user"
    case TEND_STEP_DIRECTORY: "directory"
    case TEND_STEP_PROGRAM, TEND_STEP_INTERPRETER: "command"
    default: nil
    }
  }

  /// What failed, for people.
  func words(_ launch: Launch) -> String {
    let program = launch.command.first ?? ""
    let why = SystemError(code: code).text
    switch Int(step) {
    case TEND_STEP_SESSION: return "can't make a session of its own: \(why)"
    case TEND_STEP_DESCRIPTORS: return "can't connect its input and output: \(why)"
    case TEND_STEP_CGROUP: return "can't join its cgroup: \(why)"
    case TEND_STEP_LIMIT: return "can't limit its open files to \(launch.openFiles): \(why)"
    case TEND_STEP_GROUP: return "can't switch to group \(launch.account?.group ?? 0): \(why)"
    case TEND_STEP_USER:
      return "can't switch to user \(launch.account.map { $0.name } ?? ""): \(why)"
    case TEND_STEP_DIRECTORY: return "can't enter the directory \(launch.directory): \(why)"
    case TEND_STEP_INTERPRETER: return "the interpreter that \(program) names can't run: \(why)"
    case TEND_STEP_PROGRAM:
      if code == SystemError.notExecutable {
        return "\(program) is neither a program nor a script that names its interpreter"
      }
      return "can't run \(program): \(why)"
    default: return "can't make a process: \(why)"
    }
  }
}
