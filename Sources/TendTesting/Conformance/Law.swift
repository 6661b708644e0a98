/// What every provider promises the engine; `Provider` says the same in its documentation.
///
/// The kit breaks each law on purpose in every way it knows, and looks what comes of it.
public enum Law: String, Sendable, Hashable, CaseIterable {
  /// Observing leaves the world as it was.
  case observeLeavesNoTrace
  /// One pass brings a resource from any state to any declared one.
  case convergesInOnePass
  /// Once it is as desired nothing differs any more, and what is remembered stays the same.
  case secondPassIsQuiet
  /// A change that is applied again ends in the same state, or is refused.
  case repeatingIsHarmless
  /// A call that crashed, was cancelled, failed, or whose reply was lost leaves a state from which
  /// the next pass converges.
  case interruptionIsMended
  /// What was read too early, or was overtaken by another answer, leads to no other end.
  case staleReadsAreMended
  /// A change that was planned before the world moved does no lasting harm.
  case lateChangesAreMended
  /// Nothing is left of what was deleted, and deleting it twice is fine.
  case deletionIsComplete
  /// Two resources do not disturb each other, at once or one after the other.
  case resourcesAreIndependent
  /// An update writes no field that its plan does not name.
  case updateKeepsToThePlan
  /// What can't be read is not absent.
  case absenceIsCertain
  /// A failure has the code that decides right, and says what was tried.
  case errorsAreClassified
  /// No secret is shown, noted or remembered.
  case secretsStaySecret
  /// What is remembered fits the inventory, and comes back equal.
  case memoryIsKept
  /// Observing many at once finds what observing each finds.
  case listingAgrees
  /// What the schema accepts decodes, and what it forbids is refused with its place.
  case schemaAgrees
}
