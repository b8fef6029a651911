/** Core functions that change the Request-URI and the target set (core/action.c). */
import {
  type ArgSpec,
  type FunctionSpec,
  int,
  opt,
  type RouteContext,
  rewriteUri,
  str,
  type UriChange,
} from '../../runtime/sdk/index.js';

export type CoreFn<Args extends readonly ArgSpec[]> = FunctionSpec<object, RouteContext, Args>;
export const fn = <const Args extends readonly ArgSpec[]>(spec: CoreFn<Args>): CoreFn<Args> => spec;
const outcome = { 1: 'done', [-1]: 'the Request-URI cannot be changed so' } as const;
export const done = { 1: 'always' } as const;

function change(ctx: RouteContext, what: UriChange): 1 | -1 {
  const uri = ctx.msg.isRequest ? rewriteUri(ctx.uri, what, ctx.grammar) : null;
  if (uri === null) {
    ctx.log(-1, `cannot change the Request-URI ${ctx.uri}`, 'core');
    return -1;
  }
  ctx.draft.uri = uri;
  return 1;
}
const textChange = (
  kind: Extract<UriChange, { text: string }>['kind'],
  doc: string,
  name: string,
  value: string,
  aliases: string[] = [],
) =>
  fn({
    doc,
    args: [str('text')],
    routes: ['any'],
    aliases,
    returns: outcome,
    example: `${name}("${value}");`,
    run: (_me, ctx, text) => change(ctx, { kind, text }),
  });
const countChange = (kind: 'strip' | 'stripTail', doc: string, name: string) =>
  fn({
    doc,
    args: [int('count')],
    routes: ['any'],
    returns: outcome,
    example: `${name}(2);`,
    run: (_me, ctx, count) => change(ctx, { kind, count: Math.max(0, count) }),
  });

export const uriFunctions = {
  rewriteuri: fn({
    doc: 'Replaces the Request-URI.',
    args: [str('uri')],
    routes: ['any'],
    aliases: ['seturi'],
    returns: done,
    example: 'rewriteuri("sip:bob@example.com");',
    run(_me, ctx, uri) {
      ctx.draft.uri = uri;
      return 1;
    },
  }),
  rewritehost: textChange('host', 'Replaces the host of the Request-URI.', 'rewritehost', 'example.com', [
    'sethost',
    'seth',
  ]),
  rewritehostport: textChange(
    'hostPort',
    'Replaces host and port of the Request-URI.',
    'rewritehostport',
    'example.com:5070',
    ['sethostport', 'sethp'],
  ),
  rewritehostporttrans: textChange(
    'hostPortTransport',
    'Replaces host, port and transport of the Request-URI.',
    'rewritehostporttrans',
    'example.com:5070',
    ['sethostporttrans', 'sethpt'],
  ),
  rewriteport: textChange('port', 'Replaces the port of the Request-URI.', 'rewriteport', '5070', ['setport', 'setp']),
  rewriteuser: textChange('user', 'Replaces the user of the Request-URI.', 'rewriteuser', 'bob', ['setuser', 'setu']),
  rewriteuserpass: textChange(
    'userPassword',
    'Replaces user and password of the Request-URI.',
    'rewriteuserpass',
    'bob:x',
    ['setuserpass', 'setup'],
  ),
  prefix: textChange('prefix', 'Puts text before the user of the Request-URI.', 'prefix', '+'),
  strip: countChange('strip', 'Takes characters off the start of the user of the Request-URI.', 'strip'),
  strip_tail: countChange('stripTail', 'Takes characters off the end of the user of the Request-URI.', 'strip_tail'),
  userphone: fn({
    doc: 'Adds `user=phone` to the Request-URI.',
    args: [],
    routes: ['any'],
    returns: outcome,
    example: 'userphone();',
    run: (_me, ctx) => change(ctx, { kind: 'userPhone' }),
  }),
  revert_uri: fn({
    doc: 'The Request-URI is again as received.',
    args: [],
    routes: ['any'],
    returns: done,
    example: 'revert_uri();',
    run(_me, ctx) {
      if (ctx.draft.uri !== null) ctx.draft.uri = null;
      return 1;
    },
  }),
  clear_branches: fn({
    doc: 'Empties the target set but for the Request-URI.',
    args: [],
    routes: ['any'],
    returns: done,
    example: 'clear_branches();',
    run(_me, ctx) {
      ctx.draft.branches = [];
      return 1;
    },
  }),
  remove_branch: fn({
    doc: 'Takes one branch out of the target set; the first when no number is given.',
    args: [opt(int('index'))],
    routes: ['any'],
    returns: { 1: 'removed', [-1]: 'there is no such branch' },
    example: 'remove_branch(0);',
    run(_me, ctx, index = 0) {
      const { branches } = ctx.draft;
      if (branches[index] === undefined) return -1;
      ctx.draft.branches = branches.filter((_, i) => i !== index);
      return 1;
    },
  }),
};
