import Tend
import TendAgent
import TestSupport
import Testing

@testable import TendCLI

@Suite("tend restore", .serialized)
struct RestoreTests {
  @Test("a deleted file comes back byte for byte, and stays nobody's")
  func deleted() async throws {
    let command = try Command()
    try command.folder.write(command.file("a", content: "one\\ttwo"), to: "desired/a.yaml")
    try command.folder.write(command.file("b"), to: "desired/b.yaml")
    _ = try await command("apply", "-f", "desired", "--yes")
    let stat = "stat -c '%a %u %g %y' lone-a; od -An -tx1 lone-a"
    let before = try await command.shell("chmod 4640 lone-a; touch -d 2020-02-03 lone-a; \(stat)")
    try command.folder.remove("desired/a.yaml")
    let apply = try await command("apply", "-f", "desired", "--yes")
    #expect(apply.out.contains("1 deleted"), "\(apply.errors)")
    #expect(!command.folder.exists("lone-a"))

    let list = try await command("restore", "--list")
    #expect(list.out.hasPrefix("BACKUP  UNTIL"))
    #expect(list.out.contains("4640  DIR/lone-a\n"))
    let asked = try await command("restore", command.folder.path("lone-a"))
    #expect(asked.status == 1)
    #expect(asked.errors.hasPrefix("error: there is no terminal to ask on; give --yes"))
    let restore = try await command("restore", command.folder.path("lone-a"), "--yes")
    #expect(restore.status == 0, "\(restore.errors)")
    #expect(restore.out.contains("mode 4640.\nIt is not declared, and nobody owns it.\n"))
    #expect(try await command.shell(stat).out == before.out)
    _ = try await command("apply", "-f", "desired", "--yes")
    #expect(command.folder.exists("lone-a"), "it is not deleted again")
    #expect(try await command("events").out.contains(" restore DIR/lone-a for request: restored "))
  }

  @Test("a declared file is suspended before it is brought back, and goes on when it is resumed")
  func declared() async throws {
    let command = try Command()
    try command.writeDesired("first")
    let ended = try await command.agent("-f", "desired") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      try command.writeDesired("second")
      try await eventually("the change arrives") {
        try await command.shell("cat world/motd").out == "second\nworld\n"
      }
      let restore = try await command("restore", "File/motd", "--yes")
      #expect(
        restore.out == """
          Restored DIR/world/motd as it was until TIME: 12 bytes, mode 0644.
          File/motd is suspended, so that it stays. To go on: tend resume File/motd

          """, "\(restore.errors)")
      _ = try await command.shell("sleep 1")
      #expect(try await command.shell("cat world/motd").out == "first\nworld\n")
      let describe = try await command("describe", "File/motd")
      #expect(describe.out.contains("Restored: by "))
      // What was there before is the newest backup now.
      let back = try await command("restore", "File/motd", "--yes", "-o", "json")
      #expect(back.status == 0, "\(back.errors)")
      #expect(try await command.shell("cat world/motd").out == "second\nworld\n")
      #expect(try await command("resume", "File/motd").status == 0)
      try await eventually("it goes on") { try await command("status").status == 0 }
      let none = try await command("restore", "/etc/hostname", "--yes")
      #expect(none.errors == "error: nothing of /etc/hostname was kept; tend restore --list\n")
    }
    #expect(ended.status == 0)
  }

  private static func record(_ number: Int64, until seconds: Int64) throws -> BackupRecord {
    let text = """
      {"path": "/f", "number": \(number), "time": "\(Timestamp(seconds: seconds))",
       "kind": "file", "mode": 420, "owner": 0, "group": 0, "size": 1,
       "modified": "1970-01-01T00:00:00Z", "attributes": {}, "isAdopted": false}
      """
    return try ValueDecoder().decode(BackupRecord.self, from: Value(json: text))
  }

  @Test(
    "what was there at a moment is in the first backup that was made after it",
    arguments: [
      (nil, nil, 7, "the newest"), (nil, 3, 3, "by its number"), (nil, 4, nil, "no such number"),
      (50, nil, 3, "before the first"), (100, nil, 3, "at its very time"),
      (101, nil, 5, "between two"), (300, nil, 7, "the last"), (301, nil, nil, "it is there still"),
    ] as [(Int64?, Int64?, Int64?, String)])
  func choice(moment: Int64?, number: Int64?, chosen: Int64?, reason: String) throws {
    let records = try [(3, 100), (5, 200), (7, 300)].map { try Self.record($0.0, until: $0.1) }
    let choice = BackupChoice(records, of: "/f")
    let found = try? choice.choose(moment.map { Timestamp(seconds: $0) }, number)
    #expect(found?.number == chosen, "\(reason)")
  }
}
