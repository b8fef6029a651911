/** The lint rules, one a file. They run when a cfg parses, also beside errors in names and types. */
import type { Rule } from '../lint.js';
import { checkAddresses } from './addresses.js';
import { checkBranches } from './append-branch-duplicate.js';
import { checkApplyChanges } from './apply-changes-after-record-route.js';
import { checkConditions } from './assignment-in-condition.js';
import { checkBlockingCalls } from './blocking-call.js';
import { checkByeAccounting } from './bye-accounting-fraud.js';
import { checkTracing } from './cfgtrace-left-on.js';
import { checkCredentials } from './credentials.js';
import { checkDrivers } from './database-module-missing.js';
import { checkDeadRoutes } from './dead-route.js';
import { checkDirection } from './direction-check-order.js';
import { checkDoubleWrites } from './double-lump-write.js';
import { checkDoubleReplies } from './double-reply.js';
import { checkDrops } from './drop-ineffective.js';
import { checkCancelChecks } from './failure-route-no-cancel-check.js';
import { checkFlags } from './flag-collision.js';
import { checkFlagsRead } from './flag-never-read.js';
import { checkFlagsSet } from './flag-never-set.js';
import { checkImplicitResults } from './implicit-route-result.js';
import { checkLooseRoute } from './in-dialog-without-loose-route.js';
import { checkLookups } from './lookup-without-save.js';
import { checkOverriddenParams } from './modparam-overridden.js';
import { checkLoadOrder } from './module-load-order.js';
import { checkNeededModules } from './module-missing.js';
import { checkUnusedModules } from './module-unused.js';
import { checkAnswers } from './no-final-answer.js';
import { checkMaxForwards } from './no-maxfwd.js';
import { checkRetransmissions } from './no-retransmission-absorb.js';
import { checkSanity } from './no-sanity.js';
import { checkNulls } from './null-on-nonnullable.js';
import { checkPairedParams } from './paired-modparam-mismatch.js';
import { checkPerlRegexes } from './pcre-in-posix-regex.js';
import { checkPreloadedRoutes } from './preloaded-route.js';
import { checkStaleReads } from './read-after-lump.js';
import { checkRecordRoute } from './record-route-missing.js';
import { checkRegexCost } from './regex-redos.js';
import { checkAnchors } from './regex-unanchored.js';
import { checkReplyRouteEnd } from './reply-route-falls-negative.js';
import { checkAckReplies } from './reply-to-ack.js';
import { checkRequiredParams } from './required-param-missing.js';
import { checkIgnoredCases } from './retcode-cases-ignored.js';
import { checkClobberedCodes } from './retcode-clobbered.js';
import { checkLiteralCompares } from './retcode-literal-compare.js';
import { checkNegatedCodes } from './retcode-stored-then-negated.js';
import { checkReturnZero } from './retcode-zero-exits.js';
import { checkRouteKinds } from './route-kind-mismatch.js';
import { checkSharedNames } from './shared-function-name.js';
import { checkVersions } from './since-version.js';
import { checkLostState } from './state-lost-across-suspend.js';
import { checkStringsAsIntegers } from './string-in-int-context.js';
import { checkSuspended } from './suspended.js';
import { checkFallthrough } from './switch-fallthrough.js';
import { checkScannerFilter } from './ua-only-scanner-filter.js';
import { checkReplaced } from './uac-replace-without-restore.js';
import { checkArmedKinds } from './unarmed-tm-route.js';
import { checkLoops } from './unbounded-loop.js';
import { checkDeclaredNames } from './undeclared-name.js';
import { checkMethodNames } from './unknown-method.js';
import { checkUnreachable } from './unreachable-code.js';
import { checkVariables } from './var-leak.js';
import { checkVersionDisclosure } from './version-disclosure.js';
import { checkLogLevels } from './xlog-level.js';
import { checkLogLines } from './xlog-newline.js';

export const rules: readonly Rule[] = [
  checkApplyChanges,
  checkDeadRoutes,
  checkDoubleWrites,
  checkDoubleReplies,
  checkDrops,
  checkCancelChecks,
  checkFlags,
  checkFlagsRead,
  checkFlagsSet,
  checkImplicitResults,
  checkLooseRoute,
  checkLookups,
  checkRecordRoute,
  checkOverriddenParams,
  checkLoadOrder,
  checkNeededModules,
  checkUnusedModules,
  checkAnswers,
  checkMaxForwards,
  checkSanity,
  checkNulls,
  checkPerlRegexes,
  checkPreloadedRoutes,
  checkRegexCost,
  checkReplyRouteEnd,
  checkAckReplies,
  checkRequiredParams,
  checkClobberedCodes,
  checkLiteralCompares,
  checkNegatedCodes,
  checkReturnZero,
  checkRouteKinds,
  checkStringsAsIntegers,
  checkFallthrough,
  checkArmedKinds,
  checkLoops,
  checkUnreachable,
  checkVariables,
  checkVersionDisclosure,
  checkLogLevels,
  checkLogLines,
  checkIgnoredCases,
  checkBlockingCalls,
  checkRetransmissions,
  checkSuspended,
  checkBranches,
  checkStaleReads,
  checkDirection,
  checkPairedParams,
  checkAnchors,
  checkCredentials,
  checkScannerFilter,
  checkByeAccounting,
  checkAddresses,
  checkTracing,
  checkDrivers,
  checkVersions,
  checkConditions,
  checkMethodNames,
  checkLostState,
  checkReplaced,
  checkDeclaredNames,
  checkSharedNames,
];
