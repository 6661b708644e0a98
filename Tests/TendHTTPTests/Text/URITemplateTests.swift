import Tend
import Testing

@testable import TendHTTP

struct URITemplateTests {
  private static let values: [String: Value] = [
    "var": "value", "hello": "Hello World!", "path": "/foo/bar", "empty": "", "x": 1024, "y": 768,
    "half": "50%", "list": ["red", "green", "blue"], "vhost": "/", "yes": true, "third": 0.5,
    "keys": ["semi": ";", "dot": ".", "comma": ","], "who": "fred", "base": "http://example.com/",
  ]

  @Test(
    "the examples of RFC 6570 come out as it says",
    arguments: [
      // Level 1.
      ("{var}", "value"), ("{hello}", "Hello%20World%21"),
      // Level 2.
      ("{+var}", "value"), ("{+hello}", "Hello%20World!"), ("{+path}/here", "/foo/bar/here"),
      ("here?ref={+path}", "here?ref=/foo/bar"), ("X{#var}", "X#value"),
      ("X{#hello}", "X#Hello%20World!"), ("{base}index", "http%3A%2F%2Fexample.com%2Findex"),
      ("{+half}", "50%25"),
      // Level 3.
      ("map?{x,y}", "map?1024,768"), ("{x,hello,y}", "1024,Hello%20World%21,768"),
      ("{+x,hello,y}", "1024,Hello%20World!,768"), ("{+path,x}/here", "/foo/bar,1024/here"),
      ("{#x,hello,y}", "#1024,Hello%20World!,768"), ("X{.var}", "X.value"),
      ("X{.x,y}", "X.1024.768"),
      ("{/var}", "/value"), ("{/var,x}/here", "/value/1024/here"), ("{;x,y}", ";x=1024;y=768"),
      ("{;x,y,empty}", ";x=1024;y=768;empty"), ("{?x,y}", "?x=1024&y=768"),
      ("{?x,y,empty}", "?x=1024&y=768&empty="), ("?fixed=yes{&x}", "?fixed=yes&x=1024"),
      ("{&x,y,empty}", "&x=1024&y=768&empty="),
      // Level 4.
      ("{var:3}", "val"), ("{var:30}", "value"), ("{list}", "red,green,blue"),
      ("{list*}", "red,green,blue"), ("{keys}", "semi,%3B,dot,.,comma,%2C"),
      ("{keys*}", "semi=%3B,dot=.,comma=%2C"), ("{+path:6}/here", "/foo/b/here"),
      ("{/var:1,var}", "/v/value"), ("{/list}", "/red,green,blue"), ("{/list*}", "/red/green/blue"),
      ("{;list*}", ";list=red;list=green;list=blue"), ("{?list}", "?list=red,green,blue"),
      ("{?list*}", "?list=red&list=green&list=blue"), ("{?keys*}", "?semi=%3B&dot=.&comma=%2C"),
      ("{&list*}", "&list=red&list=green&list=blue"), ("X{.list*}", "X.red.green.blue"),
      // What has no value leaves nothing behind.
      ("{?x,undef}", "?x=1024"), ("a{/undef}b", "ab"), ("{undef}", ""),
      // What a broker's paths need.
      ("/queues/{vhost}/{who}", "/queues/%2F/fred"), ("/{yes}/{third}", "/true/0.5"),
      ("/caf\u{e9} {var}", "/caf%C3%A9%20value"),
    ])
  func examples(template: String, expected: String) throws {
    #expect(try URITemplate(template).expanded { Self.values[$0] } == expected)
  }

  @Test(
    "what is no template is refused",
    arguments: [
      "{", "}", "/a{b", "/a}b", "{}", "{a b}", "{a,}", "{1a}", "{a:0}", "{a:x}", "{a:+1}", "{=a}",
    ])
  func refused(text: String) {
    #expect(throws: URITemplate.Mistake.self) { try URITemplate(text) }
  }

  @Test("what is kept stays an expression, and the rest is replaced")
  func kept() throws {
    let template = try URITemplate("/things/{who}/{identity}")
    #expect(template.variables == ["who", "identity"])
    #expect(
      template.expanded(keeping: ["identity"]) { Self.values[$0] } == "/things/fred/{identity}")
  }
}
