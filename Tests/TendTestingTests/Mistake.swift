import TendTesting

/// One realistic mistake of a provider, and the laws one of which the kit must find broken by it.
enum Mistake: String, Sendable, CaseIterable {
  case looksAreCounted
  case observationCreates
  case onlyFirstDifference
  case caseOfColorDiffers
  case identityOnlyInMemory
  case intentIsNotLookedFor
  case failureIsAbsence
  case failureIsPermanent
  case cancellationIsPermanent
  case secretInError
  case secretInDifference
  case secretInMemory
  case secretInNote
  case updateWritesEverything
  case deletingTwiceFails
  case deletesByPrefix
  case listIsCached
  case partsAreNotCompared
  case stateIsShared
  case optionalIsRequired
  case numberIsSmall
  case memoryIsLarge
  case memoryCounts
  case immutableIsIgnored
  case deletionOnlyHides
  case listEndsAfterFirst
  case replyLostCreatesAgain
  case staleListCreatesAgain
  case deadMemoryIsFatal
  case creationIsBlind
  case errorIsEmpty
  case placeholderStays
  case slownessIsFatal
  case goingBackIsFatal

  /// Any of these is the right answer.
  var laws: [Law] {
    switch self {
    case .looksAreCounted, .observationCreates: [.observeLeavesNoTrace]
    case .onlyFirstDifference: [.convergesInOnePass]
    case .caseOfColorDiffers: [.convergesInOnePass, .secondPassIsQuiet]
    case .identityOnlyInMemory, .intentIsNotLookedFor: [.interruptionIsMended]
    case .failureIsAbsence: [.absenceIsCertain]
    case .failureIsPermanent, .cancellationIsPermanent, .errorIsEmpty, .slownessIsFatal,
      .goingBackIsFatal:
      [.errorsAreClassified]
    case .secretInError, .secretInDifference, .secretInMemory, .secretInNote:
      [.secretsStaySecret]
    case .updateWritesEverything: [.updateKeepsToThePlan]
    case .deletingTwiceFails: [.deletionIsComplete]
    case .deletesByPrefix: [.resourcesAreIndependent, .deletionIsComplete]
    case .listIsCached: [.convergesInOnePass]
    case .partsAreNotCompared: [.interruptionIsMended]
    case .stateIsShared: [.resourcesAreIndependent]
    case .optionalIsRequired, .numberIsSmall: [.schemaAgrees]
    case .memoryIsLarge: [.memoryIsKept]
    case .memoryCounts: [.secondPassIsQuiet]
    case .immutableIsIgnored: [.convergesInOnePass]
    case .deletionOnlyHides: [.deletionIsComplete]
    case .listEndsAfterFirst: [.listingAgrees]
    case .replyLostCreatesAgain: [.interruptionIsMended]
    case .staleListCreatesAgain: [.staleReadsAreMended, .interruptionIsMended]
    case .deadMemoryIsFatal: [.convergesInOnePass]
    case .creationIsBlind: [.repeatingIsHarmless]
    case .placeholderStays: [.interruptionIsMended]
    }
  }
}
