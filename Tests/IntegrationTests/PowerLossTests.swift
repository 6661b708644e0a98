import Foundation
import TestSupport
import Testing

/// The real agent on a file system that loses its power: what the disk holds at that moment is
/// mounted, which replays its journal, and the agent starts there.
///
/// The moments are those before calls that change something, as `FailPointTests` counts them. Of
/// what was not synced some files' pages are on the disk and some are not, by a seed.
@Suite(
  .serialized, .enabled(if: FailPoint.isPermitted, "ptrace is not permitted here"),
  .enabled("an image can't be mounted here: that takes root and loop devices") {
    await BlockImage.isPermitted()
  })
struct PowerLossTests {
  enum Work: String, CaseIterable {
    case firstRun, files, objects
  }

  @Test(
    "T23 without power at any call, the agent converges on what the disk held",
    arguments: Work.allCases)
  func anyMoment(_ work: Work) async throws {
    try await withScene(work) { disk in
      try await disk.begin()
      let scene = disk.scene
      let count = try await scene.tend.run(scene.arguments, failing: .kill).count
      try await disk.image.unmount()
      var (exercised, converged) = (0, 0)
      for number in ChosenCalls.now.numbers(upTo: count, few: 10) {
        try await disk.begin()
        let trace = try await scene.tend.run(scene.arguments, failing: .kill, at: number)
        let after = try await disk.cutPower(seed: number)
        exercised += 1
        let again = try await scene.tend.run(scene.arguments)
        var problems = again.status == 0 ? [] : ["the next run: \(again.errors)\(again.out)"]
        problems += try await scene.problems()
        if problems.isEmpty { converged += 1 }
        #expect(problems == [], "before \(number), \(trace.failed?.description ?? "its end")")
        try await after.unmount()
      }
      print("\(work), power: cuts exercised \(exercised), converged \(converged)")
    }
  }

  @Test("T23 what an apply said it did survives that the power goes", arguments: Work.allCases)
  func acknowledged(_ work: Work) async throws {
    try await withScene(work) { disk in
      for seed in 1...3 {
        try await disk.begin()
        let output = try await disk.scene.tend.run(disk.scene.arguments)
        #expect(output.status == 0, "\(output.errors)")
        let after = try await disk.cutPower(seed: seed)
        #expect(try await disk.scene.problems() == [], "seed \(seed)")
        try await after.unmount()
      }
    }
  }

  @Test("T23 what nobody synced is lost: the disk keeps no more than it must")
  func unsynced() async throws {
    try await withScene(.files) { disk in
      try await disk.image.format()
      try await disk.image.mount()
      let folder = disk.scene.tend.folder
      try folder.write("kept\n", to: "synced")
      try await disk.image.flush()
      // Foundation would sync it.
      try await run("sh", ["-c", "echo lost > '\(folder.path("loose"))'"])
      let after = try await disk.cutPower(seed: 1)
      #expect(folder.exists("synced") && !folder.exists("loose"))
      try await after.unmount()
    }
  }

  private func withScene(_ work: Work, _ body: (Disk) async throws -> Void) async throws {
    let outside = try TemporaryFolder("power")
    let tend = try Tend("power", bare: true)
    let image = BlockImage(path: outside.path("image"), folder: tend.folder.path)
    let service = ObjectService()
    let scene: any Scene =
      switch work {
      case .firstRun: FileScene(tend: tend, isFirst: true)
      case .files: FileScene(tend: tend, isFirst: false)
      case .objects: ObjectScene(tend: tend, service: service)
      }
    let disk = Disk(scene: scene, image: image, copy: outside.path("copy"))
    do {
      try await service.serve { try await body(disk) }
    } catch {
      try? await image.unmount()
      throw error
    }
  }
}

/// A scene whose world and state lie on an image.
private struct Disk {
  let scene: any Scene
  let image: BlockImage
  /// Where what the disk held goes.
  let copy: String

  /// A new disk with what there is before the run, all of it durable.
  func begin() async throws {
    try await image.format()
    try await image.mount()
    try await scene.reset()
    try await image.flush()
  }

  /// Gives the disk as it was when the power went, mounted in place of the other.
  func cutPower(seed: Int) async throws -> BlockImage {
    var random = Seeded(state: UInt64(seed))
    let after = try await image.cutPower(into: copy) { _ in Bool.random(using: &random) }
    try await image.unmount()
    try await after.mount()
    return after
  }
}
