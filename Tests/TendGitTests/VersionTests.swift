import TendEngine
import Testing

@testable import TendGit

@Suite("Versions and ranges of them")
struct VersionTests {
  @Test("precedence is that of Semantic Versioning 2.0.0, part 11")
  func precedence() throws {
    let ordered = [
      "0.0.1", "0.1.0", "1.0.0-0", "1.0.0-1", "1.0.0-11", "1.0.0-1a", "1.0.0-alpha",
      "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
      "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "18446744073709551615.0.0",
    ]
    let versions = try ordered.map { try #require(SemanticVersion(tag: $0), "\($0)") }
    for (index, version) in versions.enumerated() {
      for other in versions[(index + 1)...] {
        #expect(version < other, "\(version) \(other)")
        #expect(!(other < version), "\(version) \(other)")
      }
    }
    #expect(versions.map(\.description) == ordered)
    #expect(SemanticVersion(tag: "v1.2.3+a") == SemanticVersion(tag: "1.2.3+b.7"))
  }

  @Test(
    "what is no version is none",
    arguments: [
      "", "v", "1", "1.2", "1.2.3.4", "01.2.3", "1.02.3", "1.2.3-", "1.2.3-a..b", "1.2.3-01",
      "1.2.3+", "1.2.3-ü", "1.2.3 ", " 1.2.3", "vv1.2.3", "V1.2.3", "1.2.-3", "+1.2.3", "1.2.x",
      "18446744073709551616.0.0", "release-1.2.3", "1.2.3+a+b", "1.2.3-\u{0}",
    ])
  func noVersion(_ text: String) {
    #expect(SemanticVersion(tag: text) == nil)
  }

  @Test(
    "a range includes what it says, and pre-releases only when asked for",
    arguments: [
      (">=1.2 <2", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0", "2.0.0-rc.1", "1.3.0-rc.1"]),
      (">= 1.2, < 2", ["1.2.0"], ["2.0.0"]), ("1.4", ["1.4.0", "1.4.9"], ["1.5.0", "1.3.9"]),
      ("1.x || 3.1.*", ["1.0.0", "3.1.4"], ["2.0.0", "3.2.0"]),
      ("*", ["0.0.0", "9.9.9"], ["1.0.0-a"]),
      ("=1.2.3", ["1.2.3", "1.2.3+b"], ["1.2.4", "1.2.3-a"]), ("v1.2.3", ["1.2.3"], ["1.2.4"]),
      ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0", "1.2.2"]), ("~1", ["1.9.0"], ["2.0.0"]),
      ("^1.2.3", ["1.2.3", "1.99.0"], ["2.0.0", "1.2.2"]), ("^0.2.3", ["0.2.9"], ["0.3.0"]),
      ("^0.0.3", ["0.0.3"], ["0.0.4"]), ("^0.0", ["0.0.9"], ["0.1.0"]),
      ("^0", ["0.9.0"], ["1.0.0"]),
      ("^0.2", ["0.2.1"], ["0.3.0"]), ("^1", ["1.0.0", "1.9.0"], ["2.0.0", "0.9.0"]),
      (">1.2", ["1.3.0"], ["1.2.9"]), ("<=1.2", ["1.2.9", "0.1.0"], ["1.3.0"]),
      (">1.2.3", ["1.2.4"], ["1.2.3"]), ("<1.2", ["1.1.9"], ["1.2.0"]), (">*", [], ["1.0.0"]),
      (
        ">=2.0.0-rc.1", ["2.0.0-rc.1", "2.0.0-rc.2", "2.0.0", "3.0.0"],
        ["2.0.0-beta", "3.0.0-rc.1"]
      ),
      ("^1.0.0-a || >=3", ["1.0.0-b", "3.0.0"], ["3.0.0-b", "1.0.1-a"]),
      ("^18446744073709551615", ["18446744073709551615.1.0"], ["1.0.0"]),
      ("^0.0.18446744073709551615", ["0.0.18446744073709551615"], ["0.1.0"]),
    ])
  func ranges(_ text: String, _ inside: [String], _ outside: [String]) throws {
    let range = try VersionRange(text)
    for version in inside {
      #expect(range.contains(try #require(SemanticVersion(tag: version))), "\(version)")
    }
    for version in outside {
      #expect(!range.contains(try #require(SemanticVersion(tag: version))), "\(version)")
    }
  }

  @Test(
    "what is no range is refused with the part that is wrong",
    arguments: [
      "", "  ", "||", "1 ||", "latest", ">=", ">=1.2 - 2", "1.2.3.4", "=>1", "1.x.3", ">>1", "ü",
      "1.2.3-", String(repeating: "1", count: 300), "--upload-pack=x", "1\n2",
    ])
  func noRange(_ text: String) throws {
    let error = try #require(throws: SourceError.self) { try VersionRange(text) }
    #expect(error.code == .host)
    #expect(error.remedy?.contains(">=1.2 <2") == true)
  }

  @Test("of a listing the highest version is found, whatever the order and whatever else is there")
  func listing() throws {
    let one = String(repeating: "1", count: 40)
    let two = String(repeating: "2", count: 40)
    let lines = [
      "\(one)\trefs/tags/v1.9.0", "\(one)\trefs/tags/v1.10.0", "\(two)\trefs/tags/v1.10.0^{}",
      "\(one)\trefs/tags/v2.0.0", "\(one)\trefs/tags/nightly", "garbage",
      "\(one)\trefs/heads/v1.99.0",
      "\(one)\trefs/tags/", "\(one)\trefs/tags/v1.11.0-rc.1", "zz\trefs/tags/v1.98.0",
    ]
    let range = try VersionRange("^1")
    for lines in [lines, lines.reversed()] {
      let found = TagListing.highest(Array(lines.joined(separator: "\n").utf8), in: range)
      #expect(found?.name == "v1.10.0")
    }
    #expect(TagListing.highest([], in: range) == nil)
    // Two names of one precedence: the greater name, so that no order of listing decides.
    let twins = ["\(one)\trefs/tags/1.2.0+b", "\(two)\trefs/tags/v1.2.0"]
    for lines in [twins, twins.reversed()] {
      let found = TagListing.highest(Array(lines.joined(separator: "\n").utf8), in: range)
      #expect(found?.name == "v1.2.0")
    }
  }

  @Test(
    "what leads forward is decided by names and kinship",
    arguments: [
      (GitReference.branch("main"), nil, nil, Kinship.ahead, Advance.Verdict.forward),
      (.branch("main"), nil, nil, .behind, .back), (.branch("main"), nil, nil, .apart, .rewritten),
      (.branch("main"), nil, nil, .same, .unchanged),
      (.branch("main"), "v1.0.0", nil, .behind, .back),
      (.commit("x"), nil, nil, .apart, .forward), (.tag("a"), "a", "a", .ahead, .rewritten),
      (.tag("a"), "b", "a", .behind, .forward), (.tag("a"), nil, "a", .behind, .back),
      (.tag("a"), nil, "a", .ahead, .forward), (.tag("a"), "a", "a", .same, .unchanged),
      (.semver("^1"), "v1.0.0", "v1.1.0", .apart, .forward),
      (.semver("^1"), "v1.1.0", "v1.0.0", .behind, .back),
      (.semver("^1"), "v1.1.0", "v1.1.0", .ahead, .rewritten),
      (.semver("^1"), "v2.1.0", "v1.9.0", .behind, .forward),
      (.semver("^1"), "v1.1.0", "1.1.0", .apart, .rewritten),
      (.semver("^1"), nil, "v1.0.0", .apart, .rewritten),
      (.semver("^1"), "nightly", "v1.0.0", .ahead, .forward),
    ])
  func advances(
    _ reference: GitReference, _ before: String?, _ name: String?, _ kinship: Kinship,
    _ verdict: Advance.Verdict
  ) {
    let advance = Advance(reference: reference, known: Revision(id: "x", name: before))
    #expect(advance.verdict(name: name, kinship: kinship) == verdict)
  }
}
