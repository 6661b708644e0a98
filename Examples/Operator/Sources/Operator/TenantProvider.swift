import Tend

/// As it is: the service's own type.
extension Account: Resource {}

/// As it should be: what people declare.
struct Tenant: DesiredState, Decodable {
  let id: String
  let plan: Plan
  let seats: Int

  var account: Account { Account(id: id, plan: plan, seats: seats) }

  func differences(from current: Account?) -> [Difference] {
    compare {
      $0.field("plan", current?.plan.rawValue, plan.rawValue)
      $0.field("seats", current?.seats, seats)
    }
  }
}

/// What looks, and what acts.
struct TenantProvider: Provider {
  let service: TenantService

  var kinds: [Kind<Tenant>] { [Kind("tenants/v1 Tenant", Self.schema)] }

  func observe(
    _ target: Target<Tenant>, _ context: Context
  ) async throws(ProviderError) -> Account? {
    service.account(target.id)
  }

  func apply(
    _ change: Change<Tenant>, _ journal: Journal<Tenant>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    do {
      switch change.action {
      case .create(let tenant): try service.open(tenant.account)
      case .replace(let account, with: let tenant):
        try service.close(account.id)
        try service.open(tenant.account)
      case .update(let account, to: let tenant):
        try service.update(account.id) {
          if change.touches("plan") { $0.plan = tenant.plan }
          if change.touches("seats") { $0.seats = tenant.seats }
        }
      case .delete(let account): try service.close(account.id)
      }
      return .done
    } catch .tooManySeats(let limit) {
      throw .permanent("the plan has \(limit) seats", remedy: "declare fewer", field: "seats")
    } catch {
      throw .conflict("the account was opened or closed meanwhile")
    }
  }
}
