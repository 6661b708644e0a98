import Tend
import Testing

@testable import TendHTTP

struct HeaderTests {
  private let now = Timestamp(seconds: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT

  @Test(
    "T81: a service is obeyed in both forms of Retry-After, up to a bound",
    arguments: [
      ("7", 7), (" 7 ", 7), ("0", 0), ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
      ("Sunday, 06-Nov-94 08:49:47 GMT", 10), ("Sun Nov  6 08:49:47 1994", 10),
      // What is past is now; what is absurd is capped.
      ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("86400", 300), ("99999999999999999999", 300),
      ("Fri, 31 Dec 9999 23:59:59 GMT", 300),
    ])
  func retryAfter(text: String, seconds: Int) {
    #expect(RetryAfter.parse(text, now: now) == .seconds(seconds))
  }

  @Test(
    "what is neither a number nor a date says nothing",
    arguments: [
      "", "soon", "-1", "1.5", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
    ])
  func nothing(text: String) {
    #expect(RetryAfter.parse(text, now: now) == nil)
  }

  @Test(
    "the next page is found among links",
    arguments: [
      ("<https://x/a?page=2>; rel=\"next\"", "https://x/a?page=2"),
      ("</a?page=1>; rel=prev, </a?page=3>; rel=next", "/a?page=3"),
      ("</a>; title=\"x, y; rel=next\"; rel=last, </b>; Rel=\"last NEXT\"", "/b"),
      ("</a>; rel=\"prev\"", nil), ("nonsense", nil), ("<unclosed; rel=next", nil), ("", nil),
    ])
  func links(header: String, target: String?) {
    #expect(LinkHeader.target(of: "next", in: header) == target)
  }

  @Test(
    "a reference in a header is resolved as RFC 3986 says",
    arguments: [
      ("/x/y", "http://h:1/x/y"), ("y", "http://h:1/a/y"), ("../y?z", "http://h:1/y?z"),
      ("./y", "http://h:1/a/y"), ("/x/../y", "http://h:1/y"), ("%2e%2E/y", "http://h:1/y"),
      ("?q", "http://h:1/a/b?q"), ("//g/x", "http://g/x"),
      ("https://g/x#f", "https://g/x"), ("../../../y", "http://h:1/y"),
    ])
  func references(reference: String, expected: String) throws {
    let base = try #require(WebAddress("http://h:1/a/b?c"))
    #expect(base.resolving(reference)?.description == expected)
  }

  @Test(
    "addresses that could be taken for others are refused",
    arguments: [
      "", "ftp://x/", "http://", "http://user:secret@host/", "http://host:0/", "http://host:99999/",
      "http://host:+80/", "http://ho st/", "http://host/a b", "http://host\\@evil/", "http://[::1",
    ])
  func noAddress(text: String) {
    #expect(WebAddress(text) == nil)
  }

  @Test(
    "what stays on this machine is told from what does not",
    arguments: [
      ("http://127.0.0.1/", true), ("http://127.9.9.9:8080/", true), ("http://localhost/", true),
      ("http://[::1]:80/", true), ("http://127.0.0.1.evil.org/", false), ("http://127.1/", false),
      ("http://10.0.0.1/", false), ("http://localhost.evil.org/", false),
    ])
  func loopback(text: String, isLoopback: Bool) throws {
    #expect(try #require(WebAddress(text)).isLoopback == isLoopback)
  }

  @Test("an origin is scheme, host and port, and nothing less")
  func origin() throws {
    let address = try #require(WebAddress("http://Host/a"))
    #expect(address.hasSameOrigin(as: try #require(WebAddress("http://host:80/b"))))
    for other in ["https://host/", "http://host:81/", "http://host.org/"] {
      #expect(!address.hasSameOrigin(as: try #require(WebAddress(other))))
    }
  }
}
