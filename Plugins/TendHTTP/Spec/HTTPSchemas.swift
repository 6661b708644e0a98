internal import Tend

/// The fields of the kinds of `http/v1`.
enum HTTPSchemas {
  static let secretFields: [Schema.Field] = [
    .string("fromFile", "An absolute path; the content without one trailing line break."),
    .string("fromEnvironment", "The name of an environment variable of the agent."),
  ]

  private static func secret(_ name: String, required: Bool = false, _ summary: String)
    -> Schema.Field
  {
    .object(name, secretFields, required: required, summary)
  }

  private static let statuses = Schema.FieldType.list(.integer(100...599))
  private static let method = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"]

  // MARK: API

  static let api = Schema(
    """
    How a service is reached; objects and their types refer to it by its name.
    It is a definition, and stands for nothing by itself. Secrets stand there by reference and are \
    read again for each request.
    """,
    [
      .string("url", required: true, "Where it is; paths of objects are put behind this URL."),
      .string("socket", "The Unix socket that it listens on, in the place of host and port."),
      .string("proxy", "An HTTP proxy to go through, by a tunnel (CONNECT)."),
      .object("authentication", authentication, "Who asks; one of these. Default: nobody."),
      .boolean(
        "allowPlainCredentials", default: false,
        "Whether a credential may go to another machine without TLS."),
      .map("headers", of: .string, "More headers for every request; never a secret."),
      .object("tls", tls, "Certificates; they are always checked."),
      .object("limits", limits, "How much is asked of the service."),
      .object(
        "retry",
        [
          .integer(
            "attempts", in: 1...10, default: 5,
            "How often a request is sent that may be repeated, with growing pauses.")
        ], "What happens where no good answer comes."),
      .object(
        "health",
        [.string("path", required: true, "Answers with 2xx only while the service works.")],
        """
        Asked before an object that is gone counts as absent. Default: the URL itself, where any \
        answer but a 5xx will do.
        """),
    ],
    example: """
      apiVersion: http/v1
      kind: API
      metadata: {name: broker}
      spec:
        url: http://127.0.0.1:15672/api
        authentication: {basic: {username: guest, password: {fromFile: /run/secrets/broker}}}
        limits: {concurrency: 8, requestsPerSecond: 50, timeout: 10s}
        health: {path: /overview}
      """)

  private static let authentication: [Schema.Field] = [
    .object(
      "basic",
      [
        .string("username", required: true, "The name."),
        secret("password", required: true, "The password."),
      ], "A name and a password (RFC 7617)."),
    secret("bearer", "A token (RFC 6750)."),
    .object(
      "header",
      [
        .string("name", required: true, "The header, such as `X-Api-Key`."),
        secret("value", required: true, "Its value."),
      ], "A header of the service's own."),
    .object(
      "oauth2",
      [
        .string("tokenURL", required: true, "Where tokens are to be had."),
        .string("clientID", required: true, "Who asks."),
        secret("clientSecret", required: true, "Its secret."),
        .list("scopes", of: .string, "What the token is to be good for."),
      ], "A client credentials grant (RFC 6749)."),
  ]

  private static let tls: [Schema.Field] = [
    secret("certificateAuthority", "Who is trusted, in PEM. Default: whom the system trusts."),
    secret("certificate", "Who we are, in PEM, for mutual TLS."),
    secret("key", "Its key, in PEM, not encrypted."),
  ]

  private static let limits: [Schema.Field] = [
    .integer("concurrency", in: 1...256, default: 8, "Requests at once."),
    .integer("requestsPerSecond", in: 1...10_000, "Never more in any second. Default: no limit."),
    .duration("timeout", default: "10s", "How long one request may take, with its response."),
    .string(
      "responseSize", default: "10Mi", "How large a response may be, also once decompressed."),
  ]

  // MARK: Types and objects

  static let type = Schema(
    """
    What one kind of thing in a service looks like; it defines a kind of its own.
    That has the name of the type, the group `API/v1`, and the parameters as fields.
    """,
    [
      .string("api", required: true, "The `API` that has such things."),
      .string("summary", "What such a thing is, for `tend explain`."),
      .map("parameters", of: .object(parameter), "What may be declared of one."),
    ] + common,
    example: """
      apiVersion: http/v1
      kind: ObjectType
      metadata: {name: Queue}
      spec:
        api: broker
        parameters:
          vhost: {default: "/"}
          name: {required: true}
          durable: {type: boolean, default: true}
        path: /queues/{vhost}/{name}
        body: {durable: "{durable}"}
        immutable: [durable]
      """)

  static let object = Schema(
    "One thing that should exist in a service, without a type.",
    [
      .string("api", required: true, "The `API` that has it."),
      .map("secrets", of: .object(secretFields), "Secrets, for `{NAME}` in headers and body."),
    ] + common,
    example: """
      apiVersion: http/v1
      kind: Object
      metadata: {name: orders-vhost}
      spec: {api: broker, path: /vhosts/orders}
      """)

  private static let parameter: [Schema.Field] = [
    .choice(
      "type", ["string", "integer", "number", "boolean", "list", "map", "any", "secret"],
      default: "string",
      "What values it takes; a secret is a reference, and is only written, never compared."),
    .list("choices", of: .any, "The texts that it takes, where it is a string."),
    .boolean("required", default: false, "Whether it must be declared."),
    .any("default", "What it is where it is not declared. Default: it is left out."),
    .string("summary", "What it means, for `tend explain`."),
  ]

  private static let common: [Schema.Field] = [
    .string(
      "path", required: true,
      "Where it is, behind the URL of the API; a template (RFC 6570) in which values are encoded."),
    .any("body", "How it should be; a value that is one placeholder takes the parameter's type."),
    .choice(
      "compare", ["declared", "exact"], default: "declared",
      "Whether fields that the body does not declare are differences."),
    .map(
      "lists", of: .string,
      """
      How elements of lists belong together, by the list's path: `sequence`, `set`, or the field \
      that is their key. Default: sequence.
      """),
    .list(
      "immutable", of: .string, "Fields of the body that another value replaces the object for."),
    .list("writeOnly", of: .string, "Fields of the body that the service shows in another form."),
    .object("read", operation("GET", "200", read), "How it is looked at."),
    .object("create", operation("PUT", "2xx", create), "How it is made."),
    .object("update", operation("PUT", "2xx", update), "How it is changed."),
    .object("delete", operation("DELETE", "200, 202, 204", []), "How it is removed."),
    .object(
      "identity",
      [
        .string("pointer", "Where in the response, as a JSON pointer."),
        .string("header", "In which header, as a URL: `Location`."),
      ],
      "What the server calls it, from the response to its creation; `{identity}` in paths."),
    .object(
      "search", lookup, "A request among whose items it is found where it has no other path."),
    .object("list", lookup, "A request that observes all objects of the type at once."),
    .string("version", "A JSON pointer to a version that goes back with every update."),
    .object(
      "operation",
      [
        .string("status", "Where in the response to a status URL its state is."),
        .list("running", of: .any, "States of one that goes on. Default: status 202 does."),
        .list("failed", of: .any, "States of one that failed."),
      ], "How an operation that was accepted (202) is followed to its end."),
    .object(
      "absence",
      [
        .duration(
          "confirmAfter", default: "2s",
          "An object that is gone is looked for again after this time before it is made anew.")
      ], "When what was there counts as absent."),
    .boolean("replacementLosesData", default: true, "Whether only the object holds its data."),
  ]

  private static func operation(_ usual: String, _ done: String, _ more: [Schema.Field])
    -> [Schema.Field]
  {
    [
      .choice("method", method, default: usual, "The method."),
      .string("path", "Another path than that of the object."),
      .map("headers", of: .string, "More headers; may have placeholders."),
      .any("body", "Another body than that of the object."),
      .list("done", of: .integer(100...599), "Statuses that mean success. Default: \(done)."),
      .list("absent", of: .integer(100...599), "Statuses that mean that it is not there."),
      .list(
        "conflict", of: .integer(100...599),
        "Statuses that mean that somebody was faster: it is planned anew. Default: 409, 412."
      ),
      .boolean("repeatable", "Whether sending it twice is like sending it once."),
    ] + more
  }

  private static let read: [Schema.Field] = [
    .string("select", "Where in the response the object is, as a JSON pointer."),
    .boolean("nullIsAbsent", default: false, "Whether null there means that it is not there."),
  ]

  private static let create: [Schema.Field] = [
    .string("idempotencyKey", "The header by which the service knows a repeated request."),
    .duration(
      "visibleWithin", default: "30s",
      "How long an object that was made may stay invisible without counting as absent."),
  ]

  private static let update: [Schema.Field] = [
    .choice(
      "format", ObjectType.Format.allCases.map(\.rawValue), default: "whole",
      "What is sent: the whole body, a merge patch (RFC 7396), or a JSON patch (RFC 6902)."),
    .choice(
      "base", ["declared", "observed"], default: "declared",
      "What the whole is made from: what is declared alone, or what is there with it."),
  ]

  private static let lookup: [Schema.Field] = [
    .string("path", required: true, "The request; a template."),
    .string("items", "Where in the response the list is, as a JSON pointer."),
    .init(
      "match", .map(.any), required: true,
      "What an item has that is this object: JSON pointers and values, with placeholders."),
    .string("identity", "Where an item says what the server calls it."),
    .object(
      "pages",
      [
        .choice("by", ["link", "number", "cursor"], required: true, "How one leads to the next."),
        .string("parameter", "The parameter of the query: `page` or `cursor`."),
        .integer("first", in: 0...1, default: 1, "The number of the first page."),
        .integer("size", in: 1...100_000, "How many items a full page has."),
        .string("cursor", "Where a response has the cursor of the next, as a JSON pointer."),
      ], "How a list that is longer than one response is got."),
  ]
}
