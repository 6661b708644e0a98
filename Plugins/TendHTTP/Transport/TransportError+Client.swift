internal import AsyncHTTPClient
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression
internal import NIOPosix
internal import NIOSSL
internal import Tend

extension TransportError {
  /// What the client threw, in words that say what to do; never a part of the response.
  init(_ error: any Error, _ request: Request, _ line: Line) {
    let whither = line.socket ?? request.address.authority
    switch error {
    case let error as TransportError: self = error
    case let error as HTTPClientError: self.init(error, whither, request)
    case let error as NIOConnectionError: self.init(error, whither)
    case let error as IOError where [ECONNREFUSED, ENOENT].contains(error.errnoCode):
      self = .refused(whither)
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self.init(tls: error, whither)
    case is ResponseAccumulator.ResponseTooBigError: self = .tooLarge(request)
    case NIOHTTPDecompression.DecompressionError.limit: self = .tooLarge(request)
    case is NIOHTTPDecompression.DecompressionError:
      self.init(
        description: "the response can't be decompressed",
        remedy: "find out what \(whither) sends", isFinal: true)
    case is HTTPParserError:
      self.init(
        description: "\(whither) closed the connection before its response was whole",
        remedy: "look at the service's log, and whether it speaks HTTP there")
    default:
      self.init(
        description: "the connection to \(whither) broke",
        remedy: "see whether the service is up and speaks HTTP there")
    }
  }

  init(unknown host: String) {
    self.init(
      description: "the name \(host) is not known",
      remedy: "correct url: of the API, or see whether names are resolved", isUnsent: true)
  }

  private static func refused(_ whither: String) -> TransportError {
    TransportError(
      description: "\(whither) refused the connection",
      remedy: "see whether the service is up and listens there", isUnsent: true)
  }

  private static func tooLarge(_ request: Request) -> TransportError {
    TransportError(
      description: "the response is larger than \(request.responseSize) bytes",
      remedy: "raise limits.responseSize of the API, or ask for less", isFinal: true)
  }

  private init(_ error: HTTPClientError, _ whither: String, _ request: Request) {
    switch error {
    case .deadlineExceeded, .readTimeout, .writeTimeout, .cancelled:
      self.init(
        description: "no whole response came within \(request.timeout.brief)",
        remedy: "see what keeps \(whither) busy, or raise limits.timeout of the API")
    case .connectTimeout, .getConnectionFromPoolTimeout:
      self.init(
        description: "no connection to \(whither) came about",
        remedy: "see whether the service is up, and whether a firewall is in the way",
        isUnsent: true)
    case .tlsHandshakeTimeout:
      self.init(
        description: "\(whither) does not answer in TLS",
        remedy: "see whether it speaks HTTPS on this port", isUnsent: true)
    case .httpProxyHandshakeTimeout, .invalidProxyResponse, .proxyAuthenticationRequired:
      self.init(
        description: "the proxy lets nothing through to \(whither)",
        remedy: "look at proxy: of the API, and at the proxy's log", isUnsent: true)
    case .remoteConnectionClosed, .uncleanShutdown:
      self.init(
        description: "\(whither) closed the connection before its response was whole",
        remedy: "look at the service's log")
    default:
      self.init(
        description: "the request to \(whither) failed: \(error.shortDescription)",
        remedy: "see whether the service is up and speaks HTTP there")
    }
  }

  private init(_ error: NIOConnectionError, _ whither: String) {
    if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
      self.init(unknown: error.host)
      return
    }
    let isRefused = error.connectionErrors.contains {
      ($0.error as? IOError)?.errnoCode == ECONNREFUSED
    }
    self = .refused(whither)
    if !isRefused { description = "no connection to \(whither) came about" }
  }

  private init(tls error: any Error, _ whither: String) {
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("unableToValidateCertificate") {
      self.init(
        description: "the certificate of \(whither) is not trusted",
        remedy: "give the authority that signed it as tls.certificateAuthority, or renew it",
        isUnsent: true)
    } else if text.contains("WRONG_VERSION_NUMBER") {
      self.init(
        description: "\(whither) does not speak TLS",
        remedy: "write http:// if that is meant, or correct the port", isUnsent: true)
    } else {
      self.init(
        description: "TLS with \(whither) failed",
        remedy: "see which versions and certificates the service takes, and its log",
        isUnsent: true)
    }
  }
}
