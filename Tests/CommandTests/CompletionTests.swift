import TestSupport
import Testing

@Suite("Completions and the manual page")
struct CompletionTests {
  @Test(
    "a shell takes its script", arguments: ["bash", "zsh", "fish"].filter { isInstalled($0) })
  func syntax(shell: String) async throws {
    let command = try Command()
    let checked = try await command.shell(
      "\"$tend\" completions \(shell) > script && \(shell) -n script")
    #expect(checked.status == 0 && checked.errors == "", "\(checked.errors)")
  }

  /// What bash offers for a line whose last word is being typed.
  private func offered(_ words: String, _ command: Command) async throws -> Set<Substring> {
    let offered = try await command.shell(
      """
      export PATH="$(dirname "$tend"):$PATH"
      source <(tend completions bash)
      COMP_WORDS=(\(words)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
      "$(complete -p tend | sed 's/.*-F \\([^ ]*\\).*/\\1/')" tend \
        "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """)
    return Set(offered.out.split(separator: "\n").map { $0.prefix { $0 != " " } })
  }

  @Test("bash completes verbs, options, and their values")
  func words() async throws {
    let command = try Command()
    #expect(try await offered("tend st", command).contains("status"))
    #expect(try await offered("tend get --st", command).contains("--state-dir"))
    #expect(try await offered("tend get -o ''", command).isSuperset(of: ["json", "yaml", "wide"]))
    #expect(try await offered("tend schema ''", command).contains("Symlink"))
  }

  @Test("bash completes what only the running agent knows, and nothing without one")
  func live() async throws {
    let command = try Command()
    try command.writeDesired()
    #expect(try await offered("tend describe ''", command).isEmpty)
    let ended = try await command.agent("-f", "desired") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      #expect(try await offered("tend describe ''", command).contains("File/motd"))
      #expect(try await offered("tend get -u ''", command) == ["default"])
    }
    #expect(ended.status == 0)
  }

  @Test("the manual page is made of the help, and mandoc finds nothing to say about it")
  func manual() async throws {
    let command = try Command()
    let page = try await command("manual")
    #expect(page.status == 0)
    for line in [".Nm tend", ".Ss tend plan", ".It Fl -state\\-dir Ar dir"] {
      #expect(page.out.contains("\n\(line)\n"), "\(line)")
    }
    guard isInstalled("mandoc") else { return }
    let checked = try await command.shell("\"$tend\" manual | mandoc -T lint -W warning")
    #expect(checked.status == 0 && checked.out == "", "\(checked.out)")
  }
}
