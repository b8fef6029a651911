/** What the functions the flow analysis knows do to a message, by name; `null` states are paths that cannot be. */
import type { BoundCall } from '../3-bind/index.js';
import type { CallExpression } from '../ast.js';
import {
  assume,
  assumeMethods,
  blurred,
  type Fact,
  known,
  methodBit,
  resumedState,
  type State,
  withFact,
} from './facts.js';

type FunctionCall = Extract<BoundCall, { kind: 'function' }>;

/** States after a call that said yes, and after one that said no. */
export interface Outcome {
  readonly yes: State | null;
  readonly no: State | null;
}
type Effect = (state: State, call: FunctionCall, node: CallExpression) => Outcome;

const both = (state: State): Outcome => ({ yes: state, no: state });
const sets =
  (fact: Fact): Effect =>
  (state) =>
    both(withFact(state, fact, 'yes'));
const mayAnswer: Effect = (state) => both(withFact(state, 'handled', 'either'));

/** The constant an argument is. */
export function constantArg(call: FunctionCall, i: number): string | number | null {
  const arg = call.args[i];
  return arg?.kind === 'constant' ? arg.value : arg?.kind === 'regex' ? arg.source : null;
}

const answer: Effect = (state, call, node) => {
  const code = constantArg(call, 0);
  if (typeof code !== 'number') return both(withFact(state, 'handled', 'either'));
  return code < 200 ? both(state) : answered(state, node);
};
const answered = (state: State, node: CallExpression): Outcome => ({
  yes: withFact({ ...state, reply: node }, 'replied', 'yes'),
  no: withFact(state, 'handled', 'either'),
});
const errorAnswer: Effect = (state, _, node) => answered(state, node);

/** A relay that fails leaves an answer to the script or gives one itself. */
const relay: Effect = (state, _, node) => ({
  yes: withFact(withFact({ ...state, relay: node }, 'relayed', 'yes'), 'transaction', 'either'),
  no: withFact(state, 'handled', 'either'),
});

const looseRoute: Effect = (state) => {
  const tried = withFact(state, 'looseRoute', 'yes');
  return { yes: withFact(tried, 'routed', 'yes'), no: tried };
};

const removeField: Effect = (state, call) => {
  const name = constantArg(call, 0);
  if (typeof name === 'string' && /^route:?$/i.test(name.trim())) return both(withFact(state, 'routeRemoved', 'yes'));
  const may = typeof name !== 'string' || /rout|\.|\*/i.test(name);
  return both(may && known(state, 'routeRemoved') === 'no' ? withFact(state, 'routeRemoved', 'either') : state);
};
const removeNamed: Effect = (state, call) => {
  const name = constantArg(call, 0);
  return both(
    typeof name === 'string' && name.toLowerCase() === 'route' ? withFact(state, 'routeRemoved', 'yes') : state,
  );
};
const hasField: Effect = (state, call) => {
  const name = constantArg(call, 0);
  const isRoute = typeof name === 'string' && name.toLowerCase() === 'route';
  return { yes: state, no: isRoute ? withFact(state, 'routeRemoved', 'yes') : state };
};

const isMethod: Effect = (state, call) => {
  const names = constantArg(call, 0);
  if (typeof names !== 'string') return both(state);
  return methodTest(state, names.split('|'));
};

/** Is the method one of these? */
export function methodTest(state: State, names: readonly string[]): Outcome {
  const wanted = names.reduce((bits, name) => bits | methodBit(name.trim()), 0);
  const others = methodBit('');
  // A name outside the list is only one of the other methods.
  return {
    yes: assumeMethods(state, wanted),
    no: assumeMethods(state, wanted & others ? ~(wanted & ~others) : ~wanted),
  };
}

const isKind =
  (...kinds: readonly string[]): Effect =>
  (state) => {
    const is = state.kinds.some((k) => kinds.includes(k));
    return is ? { yes: state, no: null } : { yes: null, no: state };
  };
const replyKinds = ['tm_reply', 'core_reply'];
const isRequest: Effect = (state, call, node) => {
  const { yes, no } = isKind(...replyKinds)(state, call, node);
  return { yes: no, no: yes };
};

const replaces: Effect = (state, _, node) => ({ yes: { ...state, replaced: node }, no: state });

const asksForCancel: Effect = (state, call, node) => {
  const pattern = constantArg(call, 0);
  if (node.name.text === 't_check_status' && (typeof pattern !== 'string' || !/487|48\[|4\[|4\.\./.test(pattern)))
    return both(state);
  return both(withFact(state, 'cancelChecked', 'yes'));
};

const suspends: Effect = (state, _, node) =>
  both(withFact(withFact({ ...state, relay: node }, 'suspended', 'yes'), 'handled', 'yes'));
/** Suspends a transaction that is there, and ends the script then. */
const suspendsKnown: Effect = (state, call, node) =>
  known(state, 'transaction') === 'no' ? both(withFact(state, 'handled', 'yes')) : suspendsAndEnds(state, call, node);
/** Those that end the script once the transaction is suspended; they come back when it could not be. */
const suspendsAndEnds: Effect = (state) => ({ yes: null, no: withFact(state, 'handled', 'either') });
/** The script goes on behind the call, but later and elsewhere. */
const sleepsSuspended: Effect = (state, _, node) => ({
  yes: resumedState(state, node),
  no: withFact(state, 'handled', 'either'),
});
const absorbs: Effect = (state) => {
  const absorbed = withFact(state, 'absorbed', 'yes');
  return { yes: withFact(absorbed, 'handled', 'yes'), no: absorbed };
};
const authenticates: Effect = (state) => ({ yes: withFact(state, 'credentials', 'yes'), no: state });

const applied: Effect = (state) => both({ ...state, assigned: 0 });

export const replyFunctions: ReadonlySet<string> = new Set([
  'sl_send_reply',
  'sl_reply',
  'send_reply',
  'send_reply_mode',
  't_reply',
  't_send_reply',
  'sl_reply_error',
  'options_reply',
]);
export const relayFunctions: ReadonlySet<string> = new Set([
  't_relay',
  't_relay_to',
  't_relay_to_udp',
  't_relay_to_tcp',
  't_relay_cancel',
  'forward',
  'forward_udp',
  'forward_tcp',
]);

/** Functions that compare credentials, whatever module they are of. */
export const authFunctions: ReadonlySet<string> = new Set([
  'auth_check',
  'www_authorize',
  'proxy_authorize',
  'www_authenticate',
  'proxy_authenticate',
  'pv_www_authenticate',
  'pv_proxy_authenticate',
  'pv_auth_check',
  'autheph_check',
  'autheph_www',
  'autheph_proxy',
  'radius_www_authorize',
  'radius_proxy_authorize',
  'diameter_www_authorize',
  'diameter_proxy_authorize',
]);

const effects: ReadonlyMap<string, Effect> = new Map<string, Effect>([
  ...[...authFunctions].map((name): [string, Effect] => [name, authenticates]),
  ['consume_credentials', (state) => both(withFact(state, 'credentials', 'no'))],
  ['auth_challenge', errorAnswer],
  ['www_challenge', errorAnswer],
  ['proxy_challenge', errorAnswer],
  ['has_credentials', both],
  ['pike_check_req', both],
  ['t_newtran', sets('transaction')],
  ['t_check_trans', absorbs],
  ['t_lookup_request', absorbs],
  ['t_precheck_trans', absorbs],
  ['t_suspend', suspends],
  ['async_route', suspendsAndEnds],
  ['async_ms_route', suspendsAndEnds],
  ['async_sleep', sleepsSuspended],
  ['async_ms_sleep', sleepsSuspended],
  ['async_task_route', suspendsAndEnds],
  ['async_task_group_route', suspendsAndEnds],
  ['http_async_query', suspendsKnown],
  ['evapi_async_relay', suspends],
  ...[...replyFunctions].map((name): [string, Effect] => [name, answer]),
  ['sl_reply_error', errorAnswer],
  ['options_reply', errorAnswer],
  ['reg_send_reply', errorAnswer],
  ...[...relayFunctions].map((name): [string, Effect] => [name, relay]),
  ['loose_route', looseRoute],
  ['loose_route_mode', looseRoute],
  ['loose_route_preloaded', looseRoute],
  ['record_route', sets('recordRoute')],
  ['record_route_preset', sets('recordRoute')],
  ['record_route_advertised_address', sets('recordRoute')],
  ['remove_hf', removeNamed],
  ['remove_hf_pv', removeField],
  ['remove_hf_re', removeField],
  ['remove_hf_re_pv', removeField],
  ['remove_hf_exp', removeField],
  ['remove_hf_exp_pv', removeField],
  ['remove_hf_match', removeField],
  ['keep_hf', removeField],
  ['is_present_hf', hasField],
  ['maxfwd_process', sets('maxForwards')],
  ['mf_process_maxfwd_header', sets('maxForwards')],
  ['process_maxfwd', sets('maxForwards')],
  [
    'sanity_check',
    (state) => {
      const checked = withFact(state, 'sanity', 'yes');
      return { yes: checked, no: withFact(checked, 'handled', 'either') };
    },
  ],
  ['sanity_reply', mayAnswer],
  ['save', mayAnswer],
  ['t_release', mayAnswer],
  ['t_drop', mayAnswer],
  ['t_retransmit_reply', mayAnswer],
  ['jsonrpc_dispatch', mayAnswer],
  ['uac_replace_from', replaces],
  ['uac_replace_to', replaces],
  ['t_is_canceled', asksForCancel],
  ['t_check_status', asksForCancel],
  ['has_totag', (state) => ({ yes: assume(state, 'inDialog', 'yes'), no: assume(state, 'inDialog', 'no') })],
  ['is_method', isMethod],
  ['is_request', isRequest],
  ['is_reply', isKind(...replyKinds)],
  ['t_is_request_route', isKind('request')],
  ['t_is_branch_route', isKind('branch')],
  ['t_is_failure_route', isKind('failure')],
  ['t_is_reply_route', isKind(...replyKinds)],
  ['msg_apply_changes', applied],
  ['msg_set_buffer', (state) => both(blurred(state))],
]);

/** Modules whose other functions neither answer nor relay, and leave the facts alone. */
const harmless: ReadonlySet<string> = new Set(
  'core tm tmx sl rr uac pv maxfwd usrloc registrar textops textopsx siputils xlog sanity acc kex corex cfg_rpc counters ctl auth auth_db pike ratelimit htable permissions domain cfgutils sqlops debugger'.split(
    ' ',
  ),
);

const harmlessNames = /^(?:sql_|sleep$|usleep$|dlg_|pike_|rl_|nat_uac_test$|is_from_local$|is_uri_host_local$|allow_)/;
const nothingBound: FunctionCall = {
  kind: 'function',
  module: '',
  declaration: {
    name: '',
    doc: '',
    args: [],
    routes: [],
    returns: {},
    async: 'never',
    runs: [],
    example: '',
    constArgs: false,
  },
  args: [],
  specs: [],
};

export function effectOf(call: BoundCall | undefined, node: CallExpression, state: State): Outcome {
  // Of a module that is not there yet: what its functions do is known by their names.
  if (call?.kind === 'missing') {
    const effect = effects.get(call.name);
    return effect ? effect(state, nothingBound, node) : both(harmlessNames.test(call.name) ? state : blurred(state));
  }
  if (call?.kind !== 'function') return both(blurred(state));
  const effect = effects.get(call.declaration.aliasOf ?? node.name.text) ?? effects.get(node.name.text);
  const after = effect ? effect(state, call, node) : both(harmless.has(call.module) ? state : blurred(state));
  const codes = Object.keys(call.declaration.returns).map(Number);
  return { yes: codes.some((c) => c > 0) ? after.yes : null, no: codes.some((c) => c < 0) ? after.no : null };
}
