import Glibc
import TestSupport
import Testing

@Suite("a directory that is purged")
struct PurgeTests {
  private static let directory = """
    apiVersion: files/v1
    kind: Directory
    metadata: {name: world}
    spec: {path: DIR/world, purge: true}

    """

  private func strangers(_ count: Int, _ command: Command) throws {
    for number in 0..<count { try command.folder.write("theirs\n", to: "world/s\(number)") }
  }

  private func prepare() throws -> Command {
    let command = try Command()
    try command.folder.makeFolder("world")
    try command.folder.write(
      Self.directory.replacing("DIR", with: command.folder.path), to: "desired/site.yaml")
    return command
  }

  @Test("T05: strangers stay in the first pass, are listed by a plan, and go within the budget")
  func budget() async throws {
    let command = try prepare()
    try strangers(12, command)
    let first = try await command("apply", "-f", "desired", "--yes")
    #expect(first.status == 0, "\(first.errors)")
    #expect(try command.folder.names("world").count == 12)

    let plan = try await command("plan", "-f", "desired")
    #expect(plan.out.contains("purge.s0: \"a file\""), "\(plan.out)")
    #expect(plan.out.contains("purge 12 others, and the budget is 5"), "\(plan.out)")
    let refused = try await command("apply", "-f", "desired", "--yes")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("--allow-deletions 12"), "\(refused.errors)")
    #expect(try command.folder.names("world").count == 12)

    let allowed = try await command("apply", "-f", "desired", "--yes", "--allow-deletions", "12")
    #expect(allowed.status == 0, "\(allowed.errors)")
    #expect(try command.folder.names("world").isEmpty)
  }

  @Test("T05: a thousand strangers that come while an agent runs are not purged, a few are")
  func drift() async throws {
    let command = try prepare()
    let text = try await command.shell("cat desired/site.yaml").out
    try command.folder.write(
      text.replacing("DIR", with: command.folder.path)
        .replacing("spec:", with: "lifecycle: {interval: 1s}\nspec:"), to: "desired/site.yaml")
    let ended = try await command.agent("-f", "desired") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      try strangers(4, command)
      try await eventually("a few are purged") { try command.folder.names("world").isEmpty }
      // At once: of those that come one by one the first few would be within the budget.
      for number in 0..<1000 { try command.folder.write("theirs\n", to: "incoming/s\(number)") }
      try #require(rename(command.folder.path("incoming"), command.world + "/incoming") == 0)
      try await eventually("the budget refuses the rest") {
        try await command("get", "-o", "yaml").out.contains("DeletionBudget")
      }
      #expect(try command.folder.names("world/incoming").count == 1000)
    }
    #expect(ended.status == 0, "\(ended.errors)")
  }
}
