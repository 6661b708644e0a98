import Foundation

@main
struct Main {
  /// Keeps the tenants that a directory declares; with `--once`, shows what that means and ends.
  static func main() async {
    let arguments = CommandLine.arguments.dropFirst()
    do {
      if arguments.first == "--once" { return try await Walkthrough.run() }
      guard arguments.count == 2, let folder = arguments.first, let state = arguments.last else {
        print("usage: Operator TENANTS STATE | Operator --once")
        exit(64)
      }
      try await serve([makeEngine(keeping: TenantService(), as: folder, state: state)])
    } catch {
      FileHandle.standardError.write(Data("operator: \(error)\n".utf8))
      exit(1)
    }
  }
}
