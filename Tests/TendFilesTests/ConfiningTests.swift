import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("A unit that is confined to some paths")
struct ConfiningTests {
  /// Allows what lies below a folder, by text alone.
  private final class Below: Limits {
    let folder: String
    init(_ folder: String) { self.folder = folder }

    func check(_ access: Access) throws(ProviderError) {
      guard !access.value.hasPrefix(folder + "/") else { return }
      throw .notPermitted("\(access) is not allowed", field: access.field)
    }
  }

  @Test("T14: a link on the way leads no confined unit out of what it may touch", .asRoot)
  func links() async throws {
    let here = try Playground(in: "/root")
    mkdir(here("mine"), 0o755)
    mkdir(here("other"), 0o755)
    symlink(here("other"), here("mine/link"))
    let context = Context(
      here.surroundings, deadline: .seconds(60), limits: Below(here("mine")))
    let spec = try here.file("mine/link/f")
    let target = Target(id: spec.id, desired: spec, memory: nil as EntryMemory?)
    let seen = await failure { _ = try await here.provider.observe(target, context) }
    #expect(seen?.code == .notPermitted)
    #expect(seen?.message == "path \(here("other/f")) is not allowed")
    #expect(seen?.field == "path")
    let changed = await failure {
      _ = try await here.provider.apply(
        Change(.create(spec), spec.differences(from: nil)),
        Journal { (_: EntryMemory) throws(ProviderError) in }, context)
    }
    #expect(changed?.code == .notPermitted)
    #expect(names(in: here("other")) == [])

    let inside = try here.file("mine/f")
    _ = try await here.provider.observe(
      Target(id: inside.id, desired: inside, memory: nil as EntryMemory?), context)
  }

  @Test("T05: nothing is purged outside of what a unit may touch, also by way of a link", .asRoot)
  func purge() async throws {
    let here = try Playground(in: "/root")
    for folder in ["mine", "mine/d", "other", "other/d"] { mkdir(here(folder), 0o755) }
    symlink(here("other"), here("mine/link"))
    symlink(here("other/d"), here("mine/d/link"))
    for path in ["mine/d/stranger", "other/d/stranger"] { try write("theirs\n", to: here(path)) }
    let context = Context(
      here.surroundings, deadline: .seconds(60), limits: Below(here("mine")))
    func differences(_ name: String) async throws(ProviderError) -> [String] {
      guard let spec = try? here.directory(name, ["purge": true]) else { return [] }
      var memory: EntryMemory?
      var found: [Difference] = []
      for _ in 0..<2 {
        let entry = try await here.provider.observe(
          Target(id: spec.id, desired: spec, memory: memory), context)
        memory = entry?.memory
        found = spec.differences(from: entry)
      }
      return found.map(\.path).filter { $0.hasPrefix("purge.") }
    }
    let led = await failure { _ = try await differences("mine/link/d") }
    #expect(led?.code == .notPermitted)
    #expect(try await differences("mine/d") == ["purge.link", "purge.stranger"])
    #expect(names(in: here("other/d")) == ["stranger"])
  }

  @Test("what gives somebody's rights away says whose")
  func rights() throws {
    let here = try Playground()
    func accesses(_ fields: Value, mode: String) throws -> [String] {
      let spec = try here.file("f", "x", mode: mode, fields)
      return here.provider.accesses(for: Target(id: spec.id, desired: spec, memory: nil)).map {
        "\($0)".replacing(here.path, with: "DIR")
      }
    }
    #expect(try accesses(["owner": "ada"], mode: "0755") == ["path DIR/f"])
    #expect(try accesses(["owner": "ada"], mode: "4755") == ["path DIR/f", "user ada"])
    #expect(try accesses([:], mode: "2755") == ["path DIR/f", "user \(geteuid())"])
  }
}
