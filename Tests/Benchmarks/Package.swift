// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "tend", path: "../.."),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Tend", package: "tend"),
        .product(name: "TendEngine", package: "tend"),
        .product(name: "TendManifest", package: "tend"),
        .product(name: "TendFiles", package: "tend"),
        .product(name: "TendGit", package: "tend"),
        .product(name: "TendHTTP", package: "tend"),
        .product(name: "TendSQLite", package: "tend"),
        .product(name: "TendAgent", package: "tend"),
        .product(name: "TendSimulation", package: "tend"),
        .product(name: "TendTesting", package: "tend"),
        .product(name: "tend", package: "tend"),
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
