/** `$branch(…)`: the target set one by one; `$sbranch(…)`: a branch kept aside, and the functions that use it (pv_branch.c). */
import type {
  ArgSpec,
  BranchTarget,
  FunctionSpec,
  PvIndex,
  PvSpec,
  RouteContext,
  Value,
} from '../../runtime/sdk/index.js';
import { findSocket, type PvMe, type PvTable } from './spec.js';

const keys = [
  'uri',
  'dst_uri',
  'path',
  'q',
  'Q',
  'send_socket',
  'count',
  'flags',
  'ruid',
  'location_ua',
  'otcpid',
  'instance',
] as const;

/** Longest URI a branch takes. */
const MAX_URI = 1023;

const empty = (): BranchTarget => ({
  uri: '',
  dstUri: null,
  path: null,
  q: 0,
  flags: 0,
  socket: null,
  instance: null,
  regId: 0,
  ruid: null,
  locationUa: null,
});

function attribute(branch: BranchTarget, key: string): Value {
  switch (key) {
    case 'uri':
      return branch.uri;
    case 'dst_uri':
      return branch.dstUri || null;
    case 'path':
      return branch.path || null;
    case 'q':
    case 'Q':
      return branch.q < 0 ? null : branch.q;
    case 'send_socket':
      return branch.socket?.sockStr ?? null;
    case 'flags':
      return branch.flags;
    case 'ruid':
      return branch.ruid || null;
    case 'location_ua':
      return branch.locationUa || null;
    case 'instance':
      return branch.instance || null;
    default:
      return 0;
  }
}

/** What an assignment makes of a branch: `gone` when its URI is deleted, null when it fails. */
function changed(ctx: RouteContext, old: BranchTarget, key: string, value: Value): BranchTarget | 'gone' | null {
  const none = value === null || value === '';
  const isText = typeof value === 'string';
  switch (key) {
    case 'uri':
      if (none) return 'gone';
      return isText && value.length <= MAX_URI ? { ...old, uri: value } : null;
    case 'dst_uri':
      if (none) return { ...old, dstUri: null };
      return isText && value.length <= MAX_URI ? { ...old, dstUri: value } : null;
    case 'path':
      if (none) return { ...old, path: null };
      return isText && value.length <= MAX_URI ? { ...old, path: value } : null;
    case 'q':
    case 'Q':
      if (value === null) return { ...old, q: -1 };
      return typeof value === 'number' ? { ...old, q: value } : null;
    case 'flags':
      if (value === null) return { ...old, flags: 0 };
      return typeof value === 'number' ? { ...old, flags: value } : null;
    case 'send_socket': {
      if (none) return { ...old, socket: null };
      const socket = isText ? findSocket(ctx, value) : null;
      return socket === null ? null : { ...old, socket };
    }
    default:
      return old;
  }
}

function readBranch(ctx: RouteContext, key: string, index: PvIndex): Value {
  const { branches } = ctx.draft;
  const branch = branches.at(index === '*' ? 0 : (index ?? 0));
  // The count too needs a branch at the index.
  if (branch === undefined) return null;
  return key === 'count' ? branches.length : attribute(branch, key);
}
function writeBranch(ctx: RouteContext, value: Value, key: string, index: PvIndex): boolean {
  const { branches } = ctx.draft;
  const at = index === '*' ? 0 : (index ?? 0);
  const position = at < 0 ? branches.length + at : at;
  const old = branches[position];
  if (!old) return false;
  const result = changed(ctx, old, key, value);
  if (result === null) {
    ctx.log(-1, `$branch(${key}) cannot be set to ${value}`, 'pv');
    return false;
  }
  ctx.draft.branches = result === 'gone' ? branches.filter((_, i) => i !== position) : branches.with(position, result);
  return true;
}

/** The run's branch aside. */
const kept = 'pv.sbranch';
const aside = (ctx: RouteContext): BranchTarget => (ctx.data.get(kept) as BranchTarget | undefined) ?? empty();

function readAside(ctx: RouteContext, key: string): Value {
  const branch = aside(ctx);
  if (key === 'count') return ctx.draft.branches.length;
  return branch.uri === '' ? null : attribute(branch, key);
}
function writeAside(ctx: RouteContext, value: Value, key: string): boolean {
  const result = changed(ctx, aside(ctx), key, value);
  if (result === null) {
    ctx.log(-1, `$sbranch(${key}) cannot be set to ${value}`, 'pv');
    return false;
  }
  ctx.data.set(kept, result === 'gone' ? empty() : result);
  return true;
}

const spec = (
  doc: string,
  index: boolean,
  get: (ctx: RouteContext, key: string, index: PvIndex) => Value,
  set: (ctx: RouteContext, value: Value, key: string, index: PvIndex) => boolean,
): PvSpec<PvMe, RouteContext> => ({
  doc,
  type: 'any',
  key: { use: 'req', values: keys },
  index,
  get: (_me, ctx, key, at) => get(ctx, key, at),
  set: (_me, ctx, value, key, at) => set(ctx, value, key, at),
});

export const branchPvs = {
  branch: spec('attribute of a branch of the target set', true, readBranch, writeBranch),
  sbranch: spec('attribute of the branch kept aside', false, readAside, writeAside),
} satisfies PvTable;

type Fn<Args extends readonly ArgSpec[]> = FunctionSpec<PvMe, RouteContext, Args>;
const fn = <const Args extends readonly ArgSpec[]>(given: Fn<Args>): Fn<Args> => given;
const outcome = { 1: 'done', [-1]: 'the branch kept aside has no URI' } as const;

export const branchFunctions = {
  sbranch_set_ruri: fn({
    doc: 'Takes Request-URI, next hop and attributes from the branch kept aside.',
    args: [],
    routes: ['any'],
    returns: outcome,
    example: '$sbranch(uri) = "sip:b@example.com"; sbranch_set_ruri();',
    run(_me, ctx) {
      const branch = aside(ctx);
      if (branch.uri === '') return -1;
      const { draft } = ctx;
      draft.uri = branch.uri;
      draft.dstUri = branch.dstUri;
      draft.path = null;
      draft.instance = branch.instance;
      draft.ruid = branch.ruid;
      draft.locationUa = branch.locationUa;
      if (branch.socket !== null) draft.sendSocket = branch.socket;
      draft.regId = branch.regId;
      draft.q = branch.q;
      draft.branchFlags |= branch.flags;
      return 1;
    },
  }),
  sbranch_append: fn({
    doc: 'Adds the branch kept aside to the target set.',
    args: [],
    routes: ['any'],
    returns: outcome,
    example: '$sbranch(uri) = "sip:b@example.com"; sbranch_append();',
    run(_me, ctx) {
      const branch = aside(ctx);
      if (branch.uri === '') return -1;
      ctx.draft.addBranch({ ...branch });
      return 1;
    },
  }),
  sbranch_reset: fn({
    doc: 'Empties the branch kept aside.',
    args: [],
    routes: ['any'],
    returns: { 1: 'always' },
    example: 'sbranch_reset();',
    run(_me, ctx) {
      ctx.data.delete(kept);
      return 1;
    },
  }),
};
