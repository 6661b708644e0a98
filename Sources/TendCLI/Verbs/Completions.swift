import ArgumentParser
import TendAgent

/// The verb `tend completions`.
struct Completions: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Prints the completion script of a shell.",
    discussion: """
      Verbs, options and their values are completed; units, kinds and resources too, as the \
      running agent knows them.

        tend completions bash > /usr/share/bash-completion/completions/tend
        tend completions zsh > "${fpath[1]}/_tend"
        tend completions fish > ~/.config/fish/completions/tend.fish
      """)

  /// A shell for which there is a script.
  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish
  }

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  func perform(in session: Session) async throws -> ExitStatus {
    let shell: CompletionShell =
      switch shell {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    session.console.out(TendCommand.completionScript(for: shell) + "\n")
    return .success
  }
}

/// The verb `tend manual`: what builds a package asks for it.
struct Manual: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Prints the manual page, for man(1).", shouldDisplay: false)

  func perform(in session: Session) async throws -> ExitStatus {
    session.console.out(try ManualPage(TendCommand._dumpHelp()).text)
    return .success
  }
}
