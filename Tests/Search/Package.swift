// swift-tools-version: 6.2
import PackageDescription

/// The searches of Tests/TendEngineTests/Search, built for release: see Tests/search.
let package = Package(
  name: "search",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "tend", path: "../..")],
  targets: [
    .executableTarget(
      name: "Search",
      dependencies: [
        .product(name: "Tend", package: "tend"),
        .product(name: "TendEngine", package: "tend"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
      ])
  ]
)
