import Tend

/// The manual page tend(1), in mdoc(7), made of what `--help` is made of.
struct ManualPage {
  /// A command, as ArgumentParser describes it to tools.
  private struct Command: Decodable {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool?
    var arguments: [Argument]?
    var subcommands: [Command]?
  }

  private struct Argument: Decodable {
    var kind: String
    var shouldDisplay: Bool
    var isOptional: Bool
    var names: [Name]?
    var valueName: String?
    var abstract: String?
    var discussion: String?
  }

  private struct Name: Decodable {
    var kind: String
    var name: String
  }

  private struct Tool: Decodable {
    var command: Command
  }

  private let command: Command

  /// Reads the description that ArgumentParser dumps, in JSON.
  init(_ description: String) throws {
    command = try ValueDecoder().decode(Tool.self, from: Value(json: description)).command
  }

  /// The whole page.
  var text: String {
    let verbs = (command.subcommands ?? []).filter {
      $0.shouldDisplay != false && $0.commandName != "help"
    }
    var lines = [
      ".Dd \(TendVersion.date)", ".Dt TEND 1", ".Os Tend \(TendVersion.current)", ".Sh NAME",
      ".Nm tend", ".Nd \(Self.escaped(Self.withoutStop(command.abstract ?? "")))", ".Sh SYNOPSIS",
      ".Nm",
      ".Ar command", ".Op Ar options", ".Sh DESCRIPTION",
    ]
    lines += Self.paragraphs(command.discussion ?? "")
    lines.append(".Sh COMMANDS")
    for verb in verbs { lines += Self.section(verb) }
    lines += Self.end
    return lines.joined(separator: "\n") + "\n"
  }

  private static let end = [
    ".Sh ENVIRONMENT", ".Bl -tag -width XDG_STATE_HOME", ".It Ev XDG_STATE_HOME",
    "Where the state directory lies, if no option says it.", ".It Ev NO_COLOR",
    "Set: no colour on a terminal.", ".It Ev NOTIFY_SOCKET",
    "Where a running agent tells its supervisor how it is; see",
    ".Xr sd_notify 3 .", ".El", ".Sh FILES", ".Bl -tag -width /var/lib/tend",
    ".It Pa /var/lib/tend", "The state directory of an agent that runs as root.",
    ".It Pa /etc/tend/agent.yaml", "The configuration that the systemd unit names.", ".El",
    ".Sh EXIT STATUS", "0 where all is well, 1 where it is not, 2 where",
    ".Cm status", "finds no agent or a plan with", ".Fl -detailed-exitcode",
    "has changes, 64 where the command was not understood.", ".Sh SEE ALSO", ".Xr git 1 ,",
    ".Xr systemd.service 5",
  ]

  private static func section(_ verb: Command) -> [String] {
    let shown = (verb.arguments ?? []).filter { argument in
      let long = argument.names?.first { $0.kind == "long" }?.name
      return argument.shouldDisplay && long != "help" && long != "version"
    }
    var lines = [".Ss tend \(verb.commandName)"]
    lines += paragraphs(verb.abstract ?? "")
    if let discussion = verb.discussion { lines += [".Pp"] + paragraphs(discussion) }
    guard !shown.isEmpty else { return lines }
    lines.append(".Bl -tag -width Ds")
    for argument in shown {
      lines.append(".It " + title(argument))
      lines += paragraphs(
        [argument.abstract, argument.discussion].compactMap(\.self).joined(separator: " "))
    }
    return lines + [".El"]
  }

  private static func title(_ argument: Argument) -> String {
    let value = argument.valueName.map { " Ar " + escaped($0) } ?? ""
    guard argument.kind != "positional" else {
      return argument.isOptional ? "Op" + value : String(value.dropFirst())
    }
    let names = (argument.names ?? []).map { name in
      "Fl " + (name.kind == "long" ? "-" : "") + escaped(name.name)
    }
    return names.joined(separator: " , ") + (argument.kind == "flag" ? "" : value)
  }

  /// Prose is filled, a line a sentence; what is indented stands as it is.
  private static func paragraphs(_ text: String) -> [String] {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n\n", omittingEmptySubsequences: true) {
      if !lines.isEmpty { lines.append(paragraph.hasPrefix(" ") ? "" : ".Pp") }
      if lines.last == "" { lines.removeLast() }
      let rows = paragraph.split(separator: "\n").map(String.init)
      guard paragraph.hasPrefix(" ") else {
        let sentences = rows.joined(separator: " ").replacing(". ", with: ".\n")
        lines += sentences.split(separator: "\n").map { escaped(String($0)) }
        continue
      }
      lines += [".Bd -literal -offset indent"] + rows.map { escaped(String($0.dropFirst(2))) }
      lines.append(".Ed")
    }
    return lines
  }

  private static func withoutStop(_ text: String) -> String {
    text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  /// A backslash, and a dot or quote in front, would be taken for a request.
  private static func escaped(_ text: String) -> String {
    let text = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    let isRequest = text.hasPrefix(".") || text.hasPrefix("'")
    return (isRequest ? "\\&" : "") + text.replacing("…", with: "...")
  }
}
