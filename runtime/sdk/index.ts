/**
 * All that a module may see: `defineModule`, the argument kinds, the run and the server, message parts and value helpers.
 */

import type { SdkEnv } from './context.js';
import { defineModuleIn } from './define.js';

export * from '../admin/files.js';
export * from '../admin/local-io.js';
export { heapSpaces, memoryReport, processMemory } from '../admin/memory.js';
export { jsonText, printJson } from '../admin/print-json.js';
export * from '../admin/rpc.js';
export { type StatEntry, Stats } from '../admin/stats.js';
export * from '../db/index.js';
export { bracket, canonicalIp, ipFamily, unbracket } from '../dns/ip.js';
export type {
  Clock,
  DatagramSocket,
  Endpoint,
  Environment,
  ForeignSender,
  Log,
  LogLevel,
  LogRecord,
  Network,
  PrivateFile,
  Proto,
  Random,
  Resolver,
  SecureInfo,
  Store,
  StreamConnection,
  Timer,
  TlsContext,
  TlsProfile,
  TlsVersion,
} from '../env.js';
export { levelFor, prints } from '../env.js';
export { StartError } from '../errors.js';
export { type AskWebSocket, Exchange, type FindHost, type Patience, type RelayAddress } from '../media/exchange.js';
export { type HttpAnswer, type HttpQuestion, httpGet } from '../media/http-get.js';
export {
  byteSum,
  FOR_EVER,
  parseRelaySet,
  pickByWeight,
  type RelayNode,
  type RelaySet,
  RelaySets,
  relayAddress,
} from '../media/nodes.js';
export { WsClient } from '../media/ws-client.js';
export * from '../message/index.js';
export { errorResponse, RouteError, reasonOf } from '../proxy/errors.js';
export type { LocalOutcome, LocalRequest, LocalSent } from '../proxy/local-transactions.js';
export type { Transactions } from '../proxy/transactions.js';
export {
  type CustomSetting,
  type LiveSetting,
  type SettingSpec,
  Settings,
  settingSpecs,
  settingSynonyms,
} from '../settings.js';
export { buildBranch, parseBranch, requestDigest, tableIndex } from '../transaction/branch-id.js';
export type { TmSettings } from '../transaction/settings.js';
export { type Maybe, type Steps, steps, wait } from '../transaction/steps.js';
export { ToTags } from '../transaction/to-tag.js';
export { Branch, FAKED, type StoredReply, Transaction, TransactionFlag } from '../transaction/transaction.js';
export { type Armed, Kept, type RouteRun } from '../transaction/types.js';
export { accepts as acceptsProtocol } from '../transport/accepted-protocols.js';
export type { Connection, StreamProtocol } from '../transport/connection.js';
export type { SecureTransport } from '../transport/secure.js';
export type { Transports } from '../transport/transports.js';
export type { ListenSocket, NextHop, SecureTarget, SendOptions } from '../transport/types.js';
export {
  closeFrame,
  FrameReader,
  frame,
  MAX_MESSAGE_BYTES,
  messageFrame,
  Opcode,
  withMask,
} from '../transport/ws-frames.js';
export {
  answerProblem,
  defaultPort,
  MAX_ANSWER,
  openingRequest,
  targetHostPort,
  targetOf,
  targetOfUrl,
  WS_VERSION,
  type WsTarget,
  wsAccept,
} from '../transport/ws-opening.js';
export { AvpStore, type AvpValue, avpName } from '../values/avp.js';
export { fromHex } from '../values/codecs.js';
export * from '../values/coerce.js';
export { coreHash } from '../values/core-hash.js';
export { fnmatch } from '../values/fnmatch.js';
export { NamedLocks } from '../values/locks.js';
export { isFacility, parseLevel } from '../values/log-words.js';
export { type IpValue, ipValue } from '../values/network.js';
export { type ParamItem, parseParamList } from '../values/param-list.js';
export { compileRegex, type RegexFlags } from '../values/regex.js';
export { RuidSource } from '../values/ruid.js';
export { strftime } from '../values/strftime.js';
export { parseSubstitution, reSubst } from '../values/substitution.js';
export { type XavpItem, XavpRecord, XavpStore, type XavpValue } from '../values/xavp.js';
export * from './context.js';
export * from './define.js';
export * from './dmq.js';
export * from './line-iterator.js';
export { type NamedPv, namedPv, pvValueOf } from './pv-names.js';
export { actionOf } from './script-actions.js';
export { scriptFlags, setScriptFlags } from './script-flags.js';
export * from './select-families.js';
export { type Told, toldOf } from './tkv.js';
export { type AuthorizedApi, type Identity, identityOf, withoutPrefix } from './uri-users.js';
export { SHOW_ALL, Shown, variables } from './variables.js';
export type { MessageObserver } from './watch.js';

/** Declares a module. See STYLE.md, "A module". */
export const defineModule = defineModuleIn<SdkEnv>();
