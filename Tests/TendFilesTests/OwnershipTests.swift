import CTendFiles
import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("ownership and attributes are as declared, or as found")
struct OwnershipTests {
  @Test("owner and group by name and by number, on create and when they drift", .asRoot)
  func owners() async throws {
    let here = try Playground()
    let specs = [
      try here.file("f", ["owner": "nobody", "group": "65534"]),
      try here.directory("d", ["owner": "65534", "group": "nogroup"]),
      try here.link("l", to: "x", ["owner": "nobody", "group": "nogroup"]),
    ]
    for spec in specs {
      try await here.reconcile(spec)
      #expect(try await here.differences(spec).isEmpty)
      lchown(spec.id.description, 1, 0)
      let differences = try await here.differences(spec)
      #expect(differences.map(\.path) == ["owner", "group"])
      #expect(differences.first?.actual == .value("daemon"))
      try await here.reconcile(spec)
      let status = try status(of: spec.id.description)
      #expect(status.st_uid == 65534)
      #expect(status.st_gid == 65534)
    }
  }

  @Test("special bits survive a change of the owner", .asRoot)
  func specialBits() async throws {
    let here = try Playground()
    let spec = try here.file("f", ["owner": "nobody"])
    try await here.reconcile(spec)
    chown(here("f"), 0, 0)
    chmod(here("f"), 0o4755)
    try await here.reconcile(spec)
    #expect(try mode(of: here("f")) == "4755")
    let declared = try here.file("f", mode: "6711", ["owner": "daemon"])
    try await here.reconcile(declared)
    #expect(try mode(of: here("f")) == "6711")
  }

  @Test("new content keeps the owner that was found", .asRoot)
  func keepsOwner() async throws {
    let here = try Playground()
    try write("old", to: here("f"))
    chown(here("f"), 65534, 1)
    symlink("old", here("l"))
    lchown(here("l"), 65534, 1)
    for spec in [try here.file("f", "new"), try here.link("l", to: "new")] {
      try await here.reconcile(spec)
      let status = try status(of: spec.id.description)
      #expect(status.st_uid == 65534)
      #expect(status.st_gid == 1)
    }
  }

  @Test("T74 extended attributes and ACL are carried over to the new file")
  func attributes() async throws {
    let here = try Playground(in: "/root")
    try write("old", to: here("f"))
    chmod(here("f"), 0o640)
    try #require(setxattr(here("f"), "user.origin", "here", 4, 0) == 0)
    // An ACL as the kernel stores it: user::rw-, user:1:r--, group::r--, mask::r--, other::---
    let acl: [UInt8] = [
      2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 1, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255,
      255, 16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
    ]
    try #require(setxattr(here("f"), "system.posix_acl_access", acl, acl.count, 0) == 0)
    try await here.reconcile(try here.file("f", "new"))
    #expect(text(of: here("f")) == "new")
    var value = [UInt8](repeating: 0, count: 64)
    #expect(getxattr(here("f"), "user.origin", &value, value.count) == 4)
    #expect(getxattr(here("f"), "system.posix_acl_access", &value, value.count) == acl.count)
    #expect(Array(value.prefix(acl.count)) == acl)
    #expect(try mode(of: here("f")) == "0640")
  }

  @Test(
    "a user or group that this machine lacks is an error at its field",
    arguments: ["owner", "group"])
  func unknown(field: String) async throws {
    let here = try Playground()
    let spec = try here.file("f", Value.map(.init([.init(key: field, value: "no-such-name")])))
    let error = await failure { _ = try await here.reconcile(spec) }
    #expect(error?.code == .permanent)
    #expect(error?.field == field)
    #expect(error?.message.contains("no-such-name") == true)
    #expect(names(in: here.path) == [])
  }

  @Test("an ordinary user converges what is theirs, and is told what is not", .asRoot)
  func ordinaryUser() async throws {
    let all = try Playground()
    mkdir(all("users"), 0o755)
    chown(all("users"), 65534, 65534)
    let path = all.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      let theirs = try Playground(in: path)
      let roots = try Playground(in: path)
      try write("old", to: roots("f"))
      try write("old", to: theirs("f"))
      chown(theirs.path, 65534, 65534)
      try #require(setgid(65534) == 0 && setuid(65534) == 0)
      // As a run of its own, so that everything is looked up with these rights.
      let here = try Playground(in: "\(path)/users")

      for spec in [
        try here.file(theirs("new"), "x", mode: "0600"), try here.directory(theirs("d")),
        try here.link(theirs("l"), to: "x"),
      ] {
        try await here.reconcile(spec)
        #expect(try await here.differences(spec).isEmpty)
        #expect(try await here.prune(spec) == .done)
      }
      for spec in [
        try here.file(roots("f"), "new"), try here.file(roots("g")), try here.directory(roots("d")),
        try here.file(roots("f"), "old", mode: "0600"),
        // Root's file in their directory: a new one could not be root's.
        try here.file(theirs("f"), "new"),
        try here.file(theirs("g"), ["owner": "root"]),
      ] {
        let error = await failure { try await here.reconcile(spec) }
        #expect(error?.code == .notPermitted, "\(spec)")
        #expect(error?.message.contains(spec.id.description) == true)
        #expect(error?.remedy != nil)
      }
      #expect(names(in: theirs.path) == ["f"])
      #expect(text(of: theirs("f")) == "old")
      #expect(text(of: roots("f")) == "old")
    }
  }
}
