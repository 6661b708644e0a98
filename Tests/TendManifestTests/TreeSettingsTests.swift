import Tend
import Testing

@testable import TendManifest

@Suite("Settings of a tree")
struct TreeSettingsTests {
  @Test(
    "manifests are the .yaml, .yml and .json files, but for hidden ones and tend.yaml at the root",
    arguments: [
      ("a.yaml", true), ("x/y/a.yml", true), ("a.json", true), ("x/tend.yaml", true),
      ("tend.yaml", false), ("a.txt", false), ("yaml", false), ("a.yaml.bak", false),
      (".a.yaml", false), (".github/a.yaml", false), ("x/.y/a.yaml", false), ("a.YAML", false),
    ])
  func isManifest(path: String, expected: Bool) {
    #expect(ManifestFile.isManifest(path) == expected)
  }

  @Test(
    "patterns stand for names and folders",
    arguments: [
      ("a.yaml", "a.yaml", true), ("a.yaml", "x/a.yaml", false), ("apps", "apps/web/a.yaml", true),
      ("apps/", "apps/a.yaml", true), ("apps", "apps2/a.yaml", false), ("./apps", "apps/a", true),
      ("*.yaml", "a.yaml", true), ("*.yaml", "x/a.yaml", false), ("**/*.yaml", "x/y/a.yaml", true),
      ("**/*.yaml", "a.yaml", true), ("apps/**", "apps/a", true),
      ("apps/**/x/*.json", "apps/x/b.json", true),
      ("apps/**/x/*.json", "apps/1/2/x/b.json", true),
      ("apps/**/x/*.json", "apps/1/2/b.json", false),
      ("web-?", "web-1/a.yaml", true), ("web-?", "web-10/a.yaml", false),
      ("w*b*-1", "web-b-1", true),
      ("*", "a/b/c", true), ("**", "a/b/c", true), ("a/*/c", "a/b/c", true),
      ("a/*/c", "a/c", false),
      ("A.yaml", "a.yaml", false), ("**/x/**/y", "a/x/b/x/c/y", true),
      ("*a*a*a*b", "aaaaaaaaaaaa", false),
    ])
  func patterns(pattern: String, path: String, expected: Bool) throws {
    #expect(try #require(PathPattern(pattern)).matches(path) == expected)
  }

  @Test("a pattern made to be slow is not", arguments: [("**/", "a/"), ("*a", "a")])
  func slowPattern(piece: String, name: String) throws {
    let pattern = try #require(PathPattern(String(repeating: piece, count: 200) + "b"))
    #expect(!pattern.matches(String(repeating: name, count: 2000) + "c"))
  }

  @Test(
    "an empty, absolute or upward pattern is none", arguments: ["", "/a", "../a", "a/../b", "."])
  func badPattern(text: String) {
    #expect(PathPattern(text) == nil)
  }

  @Test("tend.yaml names the unit and selects manifests")
  func settings() throws {
    let text = "name: web\ninclude: [apps, \"*.yaml\"]\nexclude: [\"**/*.test.yaml\", apps/old]\n"
    let settings = try TreeSettings(Array(text.utf8))
    #expect(settings.name == "web")
    for (path, expected) in [
      ("a.yaml", true), ("apps/x/b.json", true), ("other/b.yaml", false),
      ("apps/c.test.yaml", false), ("apps/old/d.yaml", false), ("tend.yaml", false),
      ("apps/README.md", false),
    ] {
      #expect(settings.selects(path) == expected, "\(path)")
    }
    #expect(TreeSettings().selects("any/where.yaml"))
    #expect(try TreeSettings(Array("# nothing\n".utf8)) == TreeSettings())
  }

  @Test("all mistakes of tend.yaml are reported, each at its place")
  func mistakes() {
    let text = "name: a b\ninclude: [/abs, 5]\nexcludes: [x]\n---\nname: two\n"
    let thrown = #expect(throws: Diagnostics.self) { try TreeSettings(Array(text.utf8)) }
    #expect(
      thrown?.all.map { "\($0.place.map(\.description) ?? "") \($0.code)" } == [
        "tend.yaml:1:7 invalidValue", "tend.yaml:2:11 invalidValue", "tend.yaml:2:17 wrongType",
        "tend.yaml:3:1 unknownField", "tend.yaml:5:1 syntax",
      ])
    #expect(thrown?.description.contains("did you mean exclude?") == true)
  }
}
