import ArgumentParser
import TendAgent

/// The verb `tend init`.
struct InitVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Makes a package to begin with.",
    discussion: """
      tend init provider Lamp     a provider of the kind Lamp, in LampProvider
      """,
    subcommands: [InitProvider.self])
}

/// The verb `tend init provider`.
struct InitProvider: Verb {
  static let configuration = CommandConfiguration(
    commandName: "provider",
    abstract: "Makes a package with a provider and the test that tries it.",
    discussion: """
      The package builds, and its test has the conformance kit try the provider: crashes at every \
      boundary, lost replies, stale reads and more. Then make it yours: the fields of the kind, \
      and a service that speaks to your API.

        tend init provider Lamp
        cd LampProvider && swift test

      A tend that was built in Tend's own repository takes that one; else say where it is.
      """)

  @Argument(help: "The kind, in upper camel case, such as Lamp.")
  var kind: String
  @Option(help: "The group and version of the kind (default: the kind's plural, such as lamps/v1).")
  var apiVersion: String?
  @Option(help: "Where the package goes (default: the kind and Provider, such as LampProvider).")
  var directory: String?
  @Option(help: "Tend's package: a folder, or the URL of its repository.")
  var tend: String?

  func perform(in session: Session) async throws -> ExitStatus {
    let template = try ProviderTemplate(kind: kind, apiVersion: apiVersion, tend: location())
    let folder = directory ?? "\(kind)Provider"
    try NewFolder(at: folder).write(template.files)
    session.console.out("Made \(folder): \(template.files.map(\.path).joined(separator: ", ")).\n")
    session.console.out("Try it: cd \(folder) && swift test\n")
    return .success
  }

  private func location() throws -> ProviderTemplate.Location {
    if let tend { return try ProviderTemplate.Location(tend) }
    guard let checkout = Checkout.ofThisProgram() else {
      throw Failure(
        "Usage", "it isn't known where Tend's package is",
        remedy: "say it with --tend FOLDER or --tend URL")
    }
    return .folder(checkout)
  }
}
