import Foundation
import TestSupport
import Testing

/// A source that is gone, empty, rewritten or partial deletes nothing, is said, and recovers.
@Suite(.serialized)
struct SourceLossTests {
  /// What is done to the repository, the reason that `tend status` must give, and how it is undone.
  enum Loss: String, CaseIterable, Sendable {
    case moved, withoutBranch, withoutPath, emptied, rewritten, broken
  }

  @Test(
    "T01 a source that is lost deletes nothing, says why, and recovers", arguments: Loss.allCases)
  func loss(_ loss: Loss) async throws {
    let tend = try Tend()
    let repository = try await GitRepository()
    try await commit(files: 8, repository, tend)
    let output = try await tend.run(agent(tend, repository)) { _ in
      let before = (0..<8).map { "f\($0)" }
      try await eventually("all files are there") { try tend.folder.names("world") == before }
      try await lose(loss, repository, tend)
      try await eventually("the unit says \(reason(loss))") {
        try await tend("status", "--state-dir", tend.state).out.contains(reason(loss))
      }
      #expect(try tend.folder.names("world") == before, "nothing is deleted")
      #expect(try await tend("status", "--state-dir", tend.state).status == 1)
      try await restore(loss, repository, tend)
      try await eventually("it is Ready again") {
        try await tend("status", "--state-dir", tend.state).status == 0
      }
      #expect(try tend.folder.names("world") == before)
    }
    #expect(output.status == 0, "\(output.errors)")
  }

  private func agent(_ tend: Tend, _ repository: GitRepository) -> [String] {
    [
      "agent", "--git", repository.url, "--path", "hosts", "--interval", "300ms", "--state-dir",
      tend.state,
    ]
  }

  private func commit(files: Int, _ repository: GitRepository, _ tend: Tend) async throws {
    var texts: [String: String] = [:]
    for number in 0..<files {
      texts["hosts/f\(number).yaml"] = """
        apiVersion: files/v1
        kind: File
        metadata: {name: f\(number)}
        spec: {path: \(tend.world)/f\(number), content: "\(number)"}

        """
    }
    try await repository.commit(texts)
  }

  private func lose(_ loss: Loss, _ repository: GitRepository, _ tend: Tend) async throws {
    switch loss {
    case .moved:
      try FileManager.default.moveItem(
        atPath: repository.folder.path(".git"), toPath: repository.folder.path("away"))
    case .withoutBranch: try await repository.git("branch", "--move", "main", "other")
    case .withoutPath:
      try FileManager.default.moveItem(
        atPath: repository.folder.path("hosts"), toPath: repository.folder.path("elsewhere"))
      try await repository.commit()
    case .emptied:
      for number in 0..<8 { try repository.folder.remove("hosts/f\(number).yaml") }
      try repository.write("nothing to see\n", to: "hosts/README.txt")
      try await repository.commit()
    case .rewritten:
      try await repository.git("checkout", "--quiet", "--orphan", "new")
      try await repository.commit("another beginning")
      try await repository.git("branch", "--quiet", "--force", "main", "new")
    case .broken:
      try await repository.commit(["hosts/f0.yaml": "apiVersion: [files/v1\n"])
    }
  }

  private func reason(_ loss: Loss) -> String {
    switch loss {
    case .moved: "Source"
    case .withoutBranch, .withoutPath: "SourceMissing"
    case .emptied: "DeletionBudget"
    case .rewritten: "SourceRewritten"
    case .broken: "Invalid"
    }
  }

  private func restore(_ loss: Loss, _ repository: GitRepository, _ tend: Tend) async throws {
    switch loss {
    case .moved:
      try FileManager.default.moveItem(
        atPath: repository.folder.path("away"), toPath: repository.folder.path(".git"))
    case .withoutBranch: try await repository.git("branch", "--move", "other", "main")
    case .withoutPath, .emptied, .broken: try await repository.git("revert", "--no-edit", "HEAD")
    case .rewritten:
      try await repository.git("update-ref", "refs/heads/main", "refs/heads/main@{1}")
    }
  }
}
