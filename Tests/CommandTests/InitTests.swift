import TestSupport
import Testing

/// That what is made builds, and keeps the laws, is shown by `Tests/provider`.
@Suite("tend init provider")
struct InitTests {
  @Test("makes a package for the kind, which depends on the repository that tend was built in")
  func package() async throws {
    let command = try Command()
    let made = try await command.shell("$tend init provider NightLamp")
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.out.hasPrefix("Made NightLampProvider: Package.swift, "))
    #expect(made.out.hasSuffix("Try it: cd NightLampProvider && swift test\n"))
    let package = try await command.shell("cat NightLampProvider/Package.swift").out
    #expect(package.contains("name: \"NightLampProvider\""))
    #expect(package.contains(".package(name: \"tend\", path: \"/"))
    let all = try await command.shell("cat $(find NightLampProvider -type f)").out
    #expect(all.contains("Kind(\n        \"nightlamps/v1 NightLamp\","))
    #expect(!all.lowercased().contains("gadget"))
  }

  @Test("takes a version, a folder and the place of Tend's package")
  func options() async throws {
    let command = try Command()
    let made = try await command.shell(
      "$tend init provider Lamp --api-version light.example/v2 --directory here "
        + "--tend https://git.example/Group/Tend.git")
    #expect(made.status == 0, "\(made.errors)")
    let package = try await command.shell("cat here/Package.swift").out
    #expect(
      package.contains(".package(url: \"https://git.example/Group/Tend.git\", branch: \"main\")"))
    #expect(package.contains(".product(name: \"Tend\", package: \"tend\")"))
    let all = try await command.shell("cat $(find here -name '*.swift')").out
    #expect(all.contains("apiVersion: light.example/v2"))
  }

  @Test(
    "refuses what would not compile or could not be found",
    arguments: [
      ("lamp", "lower case"), ("Desk-Lamp", "no name in Swift"), ("Provider", "Tend's own"),
      ("Lamp --api-version lamps", "no version"), ("Lamp --tend nowhere", "no such folder"),
    ])
  func refused(arguments: String, reason: String) async throws {
    let command = try Command()
    let output = try await command.shell("$tend init provider \(arguments)")
    #expect(output.status == 1, "\(reason)")
    #expect(output.errors.hasPrefix("error: "))
    #expect(try await command.shell("ls *Provider").status != 0)
  }

  @Test("leaves a folder alone that is there")
  func present() async throws {
    let command = try Command()
    _ = try await command.shell("mkdir LampProvider; touch LampProvider/mine")
    let output = try await command.shell("$tend init provider Lamp")
    #expect(output.status == 1)
    #expect(output.errors.contains("can't make LampProvider: File exists"))
    #expect(try await command.shell("ls -A LampProvider").out == "mine\n")
  }
}
