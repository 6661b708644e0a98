import Glibc
import Tend

struct DoseRow: Resource { let id: String }

struct Dose: DesiredState {
  let id: String
  func differences(from current: DoseRow?) -> [Difference] {
    compare { $0.field("made", current.map { _ in true }, true) }
  }
}

/// Makes files; what is called deadly kills the process that makes it.
struct DoseProvider: Provider {
  let folder: String

  let kinds = [
    Kind<Dose>("doses/v1 Dose", Schema("A dose.", [])) {
      (declaration: Declaration) throws(Diagnostics) in Dose(id: declaration.reference.name)
    }
  ]

  func observe(
    _ target: Target<Dose>, _ context: Context
  ) async throws(ProviderError) -> DoseRow? {
    access("\(folder)/made-\(target.id)", F_OK) == 0 ? DoseRow(id: target.id) : nil
  }

  func apply(
    _ change: Change<Dose>, _ journal: Tend.Journal<Dose>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    guard case .create(let dose) = change.action else { return .done }
    if dose.id == "deadly" { kill(getpid(), SIGKILL) }
    close(open("\(folder)/made-\(dose.id)", O_CREAT | O_WRONLY, 0o644))
    return .done
  }
}
