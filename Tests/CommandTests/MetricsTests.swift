import TestSupport
import Testing

@Suite("tend metrics")
struct MetricsTests {
  @Test("a running agent shows its metrics as text and as a file, which is gone when it has ended")
  func agent() async throws {
    let command = try Command()
    try command.writeDesired()
    let file = command.folder.path("tend.prom")
    let ended = try await command.agent("-f", "desired", "--metrics-file", file) { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      let shown = try await command("metrics")
      #expect(shown.status == 0 && shown.errors == "")
      #expect(ExpositionGrammar.mistakes(in: shown.out) == [])
      for line in [
        #"tend_unit_ready{unit="default"} 1"#,
        #"tend_changes_total{provider="files",action="create",cause="revision"} "#,
        #"tend_refreshes_total{unit="default",result="changed"} 1"#,
        "# TYPE tend_agent_cpu_seconds_total counter",
      ] {
        #expect(shown.out.contains("\n\(line)"), "\(line)")
      }
      let kept = try await command.shell("cat tend.prom")
      #expect(ExpositionGrammar.mistakes(in: kept.out) == [])
    }
    #expect(ended.status == 0)
    #expect(!command.folder.exists("tend.prom"))
  }

  @Test("Prometheus' own check finds nothing to say", .enabled(if: isInstalled("promtool")))
  func promtool() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command.agent("-f", "desired") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      let checked = try await command.shell("\"$tend\" metrics | promtool check metrics")
      #expect(checked.status == 0 && checked.errors == "", "\(checked.errors)")
    }
  }

  @Test("without an agent it says so")
  func nobody() async throws {
    let command = try Command()
    let shown = try await command("metrics")
    #expect(shown.status == 1)
    #expect(shown.errors.contains("no agent runs"))
  }

  @Test("a file that node_exporter would not read is refused")
  func wrongFile() async throws {
    let command = try Command()
    let ended = try await command("agent", "-f", "desired", "--metrics-file", "/tmp/metrics.txt")
    #expect(ended.status == 1)
    #expect(ended.errors.contains("ends in .prom"))
  }
}
