import Tend

extension TenantProvider {
  /// What is checked before anything is decoded, and what people can look up.
  static let schema = Schema(
    "A customer's account.",
    [
      .string("id", required: true, "The customer."),
      .choice("plan", Plan.allCases.map(\.rawValue), required: true, "What was bought."),
      .integer("seats", in: 1...1000, required: true, "How many people may sign in."),
    ])
}
