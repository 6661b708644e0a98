extension ProviderTemplate {
  /// The files for a kind `Gadget` of `gadgets/v1`, by path.
  static let texts: [(path: String, text: String)] = [
    ("Package.swift", package), (".gitignore", ".build/\n"), ("README.md", readme),
    ("Sources/GadgetProvider/Gadget.swift", state),
    ("Sources/GadgetProvider/GadgetService.swift", service),
    ("Sources/GadgetProvider/GadgetProvider.swift", provider),
    ("Tests/GadgetProviderTests/GadgetProviderTests.swift", tests),
    ("Tests/GadgetProviderTests/TrialGadgets.swift", world),
  ]

  private static let package = #"""
    // swift-tools-version: 6.2
    import PackageDescription

    let package = Package(
      name: "GadgetProvider",
      platforms: [.macOS(.v15)],
      products: [.library(name: "GadgetProvider", targets: ["GadgetProvider"])],
      dependencies: [DEPENDENCY],
      targets: [
        .target(
          name: "GadgetProvider", dependencies: [.product(name: "Tend", package: PACKAGE)]),
        .testTarget(
          name: "GadgetProviderTests",
          dependencies: [
            "GadgetProvider",
            .product(name: "Tend", package: PACKAGE),
            .product(name: "TendTesting", package: PACKAGE),
          ]),
      ]
    )

    """#

  private static let readme = #"""
    # GadgetProvider

    Keeps every Gadget as it is declared:

    ```yaml
    apiVersion: gadgets/v1
    kind: Gadget
    metadata: {name: first}
    spec: {id: first, color: green}
    ```

    Make it yours, in this order, with `swift test` after each step:

    1. `Gadget.swift`: the fields that people declare, and how two of them differ.
    2. `GadgetService.swift`: what your API can do; then a type that does it.
    3. `GadgetProvider.swift`: the schema that people look up, and what looks and acts.
    4. `TrialGadgets.swift`: the same for the world in which the kit tries the provider.

    An agent with it is an executable that depends on the product `TendCLI` and has one line:

    ```swift
    await TendCommand.main { [GadgetProvider(service: YourService())] }
    ```

    """#

  private static let state = #"""
    import Tend

    /// A gadget as it is.
    public struct Gadget: Resource, Equatable {
      /// Which one it is, for ever.
      public let id: String
      public let color: String

      public init(id: String, color: String) {
        self.id = id
        self.color = color
      }
    }

    /// A gadget as it should be: the `spec` of a manifest.
    public struct DesiredGadget: DesiredState, Decodable {
      public let id: String
      public let color: String

      /// The gadget that is asked for.
      var gadget: Gadget { Gadget(id: id, color: color) }

      public func differences(from current: Gadget?) -> [Difference] {
        compare { $0.field("color", current?.color, color) }
      }
    }

    """#

  private static let service = #"""
    /// Where gadgets are: as much of the API as the provider needs.
    public protocol GadgetService: Sendable {
      /// The gadget of this id; nil only where it is certain that there is none.
      func gadget(_ id: String) async throws -> Gadget?
      /// Makes the gadget, or makes it so.
      func put(_ gadget: Gadget) async throws
      /// Removes it; no error where there is none.
      func remove(_ id: String) async throws
    }

    """#

  private static let provider = #"""
    import Tend

    /// Keeps gadgets as they are declared.
    public struct GadgetProvider<Service: GadgetService>: Provider {
      let service: Service

      public init(service: Service) { self.service = service }

      public var kinds: [Kind<DesiredGadget>] {
        [
          Kind(
            "gadgets/v1 Gadget",
            Schema(
              "A gadget.",
              [
                .string("id", required: true, immutable: true, "Which one."),
                .string("color", required: true, "What it looks like."),
              ]))
        ]
      }

      /// Looks, and changes nothing.
      public func observe(
        _ target: Target<DesiredGadget>, _ context: Context
      ) async throws(ProviderError) -> Gadget? {
        try await attempt("can't look at gadget \(target.id)") {
          try await service.gadget(target.id)
        }
      }

      /// Carries out one change; it may be called again with the same one after a crash.
      public func apply(
        _ change: Change<DesiredGadget>, _ journal: Journal<DesiredGadget>, _ context: Context
      ) async throws(ProviderError) -> Outcome {
        switch change.action {
        case .create(let desired), .update(_, let desired), .replace(_, let desired):
          try await attempt("can't write gadget \(desired.id)") {
            try await service.put(desired.gadget)
          }
        case .delete(let current):
          try await attempt("can't remove gadget \(current.id)") {
            try await service.remove(current.id)
          }
        }
        return .done
      }
    }

    """#

  private static let tests = #"""
    import TendTesting
    import Testing

    @testable import GadgetProvider

    struct GadgetProviderTests {
      @Test("it keeps the laws of providers")
      func laws() async throws {
        try await conform {
          TrialGadgets()
        } provider: { world, faults in
          GadgetProvider(service: FaultyGadgets(gadgets: world.gadgets, faults: faults))
        }
      }
    }

    """#

  private static let world = #"""
    import GadgetProvider
    import Synchronization
    import TendTesting

    /// Gadgets in memory.
    final class Gadgets: Sendable {
      private let gadgets = Mutex<[String: Gadget]>([:])

      var all: [Gadget] { gadgets.withLock { $0.values.sorted { $0.id < $1.id } } }

      func set(_ gadget: Gadget?, for id: String) { gadgets.withLock { $0[id] = gadget } }
    }

    /// Their service, on which everything goes wrong that can.
    struct FaultyGadgets: GadgetService {
      let gadgets: Gadgets
      let faults: Faults

      func gadget(_ id: String) async throws -> Gadget? {
        try await faults.read("GET \(id)") { gadgets.all.first { $0.id == id } }
      }

      func put(_ gadget: Gadget) async throws {
        try await faults.change("PUT \(gadget.id)") { gadgets.set(gadget, for: gadget.id) }
      }

      func remove(_ id: String) async throws {
        try await faults.change("DELETE \(id)") { gadgets.set(nil, for: id) }
      }
    }

    /// What the kit declares, and where it looks whether it came true.
    struct TrialGadgets: TrialWorld {
      let gadgets = Gadgets()

      let samples = ["red", "green", "blue"].map { color in
        """
        apiVersion: gadgets/v1
        kind: Gadget
        metadata: {name: first}
        spec: {id: first, color: \(color)}
        ---
        apiVersion: gadgets/v1
        kind: Gadget
        metadata: {name: second}
        spec: {id: second, color: \(color)}

        """
      }

      func contents() async throws -> [String] { gadgets.all.map { "\($0.id) \($0.color)" } }
    }

    """#
}
