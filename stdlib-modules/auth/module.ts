/** auth: challenges, nonces and the check of digest credentials against a password the cfg knows (RFC 3261 §22, RFC 7616). */
import {
  defineModule,
  type ModuleInit,
  opt,
  pvWritable,
  type RouteContext,
  StartError,
  type Uses,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { Auth, type AuthApi, Digest, identityHolds, type Side } from './api.js';
import type { Algorithm } from './digest.js';
import { Nonces } from './nonce.js';

interface SlApi {
  reply(ctx: RouteContext, status: number, reason: string): Verdict;
  stateless(ctx: RouteContext, status: number, reason: string): Verdict;
}
interface Me {
  readonly params: {
    readonly force_stateless_reply: number;
    readonly challenge_attr: string;
    readonly use_domain: number;
  };
  readonly state: { readonly digest: Digest };
  readonly uses: Uses;
}

const CHECK_ID = 1;
const results = {
  1: 'the credentials are right',
  [-1]: 'error: no password given, a broken header field or nonce',
  [-2]: 'wrong password',
  [-3]: 'unknown user',
  [-4]: 'the nonce is too old: challenge again',
  [-5]: 'no credentials for this realm',
  [-6]: 'the nonce was used before',
} as const;
const checked = { ...results, [-8]: 'the user of the credentials is not the one of From or To' } as const;
const sent = {
  1: 'sent',
  [-1]: 'no realm given; 500 was sent',
  [-2]: 'no challenge could be made',
  [-3]: 'the response could not be sent',
  [-4]: 'not even the 500 could be sent',
} as const;
const realmArg = varStr('realm', 'protection domain the user is asked for');
const flagsArg = varInt('flags', 'bits');
const passwordArgs = [realmArg, varStr('password', 'password, or its HA1 with bit 1'), flagsArg] as const;

function respond(me: Me, ctx: RouteContext, status: number, reason: string, header = ''): Verdict {
  if (header !== '') ctx.draft.replyPieces = [...ctx.draft.replyPieces, { kind: 'header', text: header }];
  const sl = me.uses.get<SlApi>('sl');
  return me.params.force_stateless_reply ? sl.stateless(ctx, status, reason) : sl.reply(ctx, status, reason);
}

const qopOf = (flags: number, plain: number, integrity: number): string =>
  flags & integrity ? 'auth-int' : flags & plain ? 'auth' : '';

function challenge(me: Me, ctx: RouteContext, realm: string, flags: number, side: Side): Verdict {
  if (realm === '') {
    ctx.log(-1, 'invalid realm value - empty content', 'auth');
    return respond(me, ctx, 500, 'Internal Server Error') < 0 ? -4 : -1;
  }
  const line = me.state.digest.challenge(ctx.msg, realm, side, qopOf(flags, 1, 2), (flags & 16) !== 0);
  const [status, reason] = side === 'www' ? [401, 'Unauthorized'] : [407, 'Proxy Authentication Required'];
  return respond(me, ctx, status, reason, line) < 0 ? -3 : 1;
}

/** With a password of the cfg. Bits: 1 it is HA1; 2, 4, 8 on a failure leave a challenge in the AVP, with qop auth, auth-int. */
function authenticate(
  me: Me,
  ctx: RouteContext,
  realm: string,
  password: string,
  flags: number,
  side: Side,
  method = ctx.msg.method,
): Verdict {
  if (realm === '' || password === '' || method === '') {
    ctx.log(-1, 'realm, password and method must not be empty', 'auth');
    return Auth.error;
  }
  const { digest } = me.state;
  const judged = digest.judge(ctx, realm, side);
  let verdict: number;
  if (judged.verdict !== null) verdict = judged.verdict;
  else {
    const { credentials } = judged;
    const ha1 = flags & 1 ? password : digest.ha1(ctx.msg, credentials.username, judged.realm, password);
    verdict = digest.compare(ctx, credentials, method, ha1);
    if (verdict === Auth.ok) digest.accepted(ctx, credentials, ha1);
  }
  if (verdict < 0 && flags & 14) {
    const line = digest.challenge(ctx.msg, realm, side, qopOf(flags, 4, 8), false);
    ctx.avps.add(me.params.challenge_attr.slice(1), line);
  }
  return verdict;
}

const sideOf = (ctx: RouteContext): Side => (ctx.msg.method === 'REGISTER' ? 'www' : 'proxy');

const powerOfTwo = (wanted: number, exponent: number, most: number): number => {
  const size = exponent > 0 ? 2 ** Math.min(exponent, 30) : Math.max(8, wanted);
  return Math.min(most, 2 ** Math.floor(Math.log2(size)));
};

interface DigestParams {
  readonly secret: string;
  readonly nonce_expire: number;
  readonly nonce_auth_max_drift: number;
  readonly qop: string;
  readonly auth_checks_register: number;
  readonly auth_checks_no_dlg: number;
  readonly auth_checks_in_dlg: number;
  readonly nonce_count: number;
  readonly nc_array_size: number;
  readonly nc_array_order: number;
  readonly one_time_nonce: number;
  readonly otn_in_flight_no: number;
  readonly otn_in_flight_order: number;
  readonly realm_prefix: string;
  readonly algorithm: string;
  readonly add_authinfo_hdr: number;
  readonly proxy_challenge_header: string;
  readonly www_challenge_header: string;
}
function digestOf({ env }: ModuleInit, params: DigestParams): Digest {
  const { secret, algorithm, qop } = params;
  if (!['', 'MD5', 'SHA-256'].includes(algorithm))
    throw new StartError('SIPC8066', `auth: algorithm "${algorithm}" has to be empty, MD5 or SHA-256`);
  if (!['', 'auth', 'auth-int'].includes(qop))
    throw new StartError('SIPC8067', `auth: qop "${qop}" has to be empty, auth or auth-int`);
  const checks = params.auth_checks_register || params.auth_checks_no_dlg || params.auth_checks_in_dlg;
  // With parts of the request in the nonce the secret of the cfg is divided between the two digests.
  const cut = checks ? secret.length - Math.floor(secret.length / 2) : secret.length;
  const nowSec = () => Math.floor(env.clock.now() / 1000);
  const nonces = new Nonces(
    {
      secret1: secret === '' ? env.random.hex(64) : secret.slice(0, cut),
      secret2: secret === '' ? env.random.hex(64) : secret.slice(cut),
      expireSec: params.nonce_expire,
      maxDriftSec: params.nonce_auth_max_drift,
      counting: params.nonce_count !== 0 && qop !== '',
      oneTime: params.one_time_nonce !== 0,
      ncSize: powerOfTwo(params.nc_array_size, params.nc_array_order, 2 ** 28),
      otnSize: powerOfTwo(params.otn_in_flight_no, params.otn_in_flight_order, 2 ** 30),
    },
    nowSec(),
    env.random.uint32(),
  );
  return new Digest(
    nonces,
    {
      algorithm: (algorithm || 'MD5') as Algorithm,
      realmPrefix: params.realm_prefix,
      checksRegister: params.auth_checks_register,
      checksNoDialog: params.auth_checks_no_dlg,
      checksInDialog: params.auth_checks_in_dlg,
      authInfo: params.add_authinfo_hdr !== 0,
      headers: { proxy: params.proxy_challenge_header, www: params.www_challenge_header },
      algorithmShown: algorithm,
      oneTime: params.one_time_nonce !== 0,
    },
    nowSec,
  );
}

const checkBits = (doc: string) => ({ type: 'int', default: 0, min: 0, max: 15, doc }) as const;

export default defineModule({
  name: 'auth',
  doc: 'Digest authentication (RFC 3261 §22, RFC 7616): challenges, nonces, passwords known to the cfg.',
  uses: ['sl'],
  params: {
    secret: { type: 'str', default: '', doc: 'Secret in the nonces; empty: a random one of each start.' },
    nonce_expire: { type: 'int', default: 300, min: 0, doc: 'Seconds a nonce is good for.' },
    nonce_auth_max_drift: { type: 'int', default: 3, min: 0, doc: 'Seconds a nonce may come from the future.' },
    protect_contacts: { type: 'int', default: 0, doc: 'Accepted; contacts are never part of a nonce.' },
    challenge_attr: {
      type: 'str',
      default: '$digest_challenge',
      doc: 'AVP for a challenge that is not sent, as $name.',
    },
    proxy_challenge_header: { type: 'str', default: 'Proxy-Authenticate', doc: 'Header field of a 407.' },
    www_challenge_header: { type: 'str', default: 'WWW-Authenticate', doc: 'Header field of a 401.' },
    qop: { type: 'str', default: 'auth', doc: 'With nonce_count: empty switches counting off.' },
    auth_checks_register: checkBits(
      'Parts of a REGISTER in the nonce: 1 URI, 2 Call-ID, 4 From tag, 8 source address.',
    ),
    auth_checks_no_dlg: checkBits('As auth_checks_register, for requests outside of dialogs.'),
    auth_checks_in_dlg: checkBits('As auth_checks_register, for requests within dialogs.'),
    nonce_count: { type: 'int', default: 0, doc: '1: a nonce is good once for each nc, counting up.' },
    nc_array_size: { type: 'int', default: 1_048_576, min: 0, doc: 'Nonces whose nc is remembered.' },
    nc_array_order: { type: 'int', default: 0, min: 0, max: 28, doc: 'The same as a power of two.' },
    one_time_nonce: { type: 'int', default: 0, doc: '1: a nonce is good once.' },
    otn_in_flight_no: { type: 'int', default: 1_048_576, min: 0, doc: 'Nonces whose use is remembered.' },
    otn_in_flight_order: { type: 'int', default: 0, min: 0, max: 30, doc: 'The same as a power of two.' },
    nid_pool_no: { type: 'int', default: 1, min: 0, doc: 'Accepted: one loop needs one pool.' },
    force_stateless_reply: { type: 'int', default: 0, doc: '1: challenges never go through the transaction.' },
    realm_prefix: { type: 'str', default: '', doc: 'Taken off the realm, such as sip.' },
    use_domain: { type: 'int', default: 0, doc: '1: pv_auth_check() compares domains too.' },
    algorithm: { type: 'str', default: '', doc: 'MD5 or SHA-256; empty: MD5, not written in challenges.' },
    add_authinfo_hdr: { type: 'int', default: 0, doc: '1: Authentication-Info in responses to what was accepted.' },
  },
  stats: {
    bad_credentials: { doc: 'Credentials that are wrong or cannot be read.' },
    stale_nonces: { doc: 'Credentials whose nonce is too old.' },
    reused_nonces: { doc: 'Credentials whose nonce was used before.' },
  },
  state: (init, params) => ({ digest: digestOf(init, params) }),
  start(me) {
    me.state.digest.refusals = me.stats;
    if (!/^\$.+/.test(me.params.challenge_attr))
      throw new StartError('SIPC8068', 'auth: challenge_attr has to be an AVP, such as $digest_challenge');
  },
  functions: {
    www_challenge: {
      doc: 'Answers 401 with a challenge. Bits: 1 qop auth, 2 qop auth-int, 4 no 500 on errors, 16 stale.',
      args: [realmArg, flagsArg],
      routes: ['request', 'failure', 'reply'],
      constArgs: true,
      returns: sent,
      example: 'if (!pv_www_authenticate("$td", "secret", "0")) { www_challenge("$td", "1"); exit; }',
      run: (me, ctx, realm, flags) => challenge(me, ctx, realm, flags, 'www'),
    },
    proxy_challenge: {
      doc: 'Answers 407 with a challenge; bits as for www_challenge().',
      args: [realmArg, flagsArg],
      routes: ['request', 'failure', 'reply'],
      constArgs: true,
      returns: sent,
      example: 'proxy_challenge("$fd", "1");',
      run: (me, ctx, realm, flags) => challenge(me, ctx, realm, flags, 'proxy'),
    },
    auth_challenge: {
      doc: 'www_challenge() for a REGISTER, proxy_challenge() for others, nothing for ACK and CANCEL.',
      args: [realmArg, flagsArg],
      routes: ['request', 'failure', 'reply'],
      constArgs: true,
      returns: sent,
      example: 'auth_challenge("$fd", "1");',
      run(me, ctx, realm, flags) {
        if (ctx.msg.method === 'ACK' || ctx.msg.method === 'CANCEL') return 1;
        return challenge(me, ctx, realm, flags, sideOf(ctx));
      },
    },
    pv_www_authenticate: {
      doc: 'Checks Authorization against a password. Bits: 1 it is HA1, 2 a failure leaves a challenge in the AVP, 4 with qop auth, 8 with auth-int.',
      args: [...passwordArgs, opt(varStr('method', 'instead of the one of the request'))],
      routes: ['request'],
      constArgs: true,
      aliases: ['pv_www_authorize'],
      returns: results,
      example: 'if (!pv_www_authenticate("$td", "123abc", "0")) www_challenge("$td", "1");',
      run: (me, ctx, realm, password, flags, method) =>
        authenticate(me, ctx, realm, password, flags, 'www', method ?? ctx.msg.method),
    },
    pv_proxy_authenticate: {
      doc: 'Checks Proxy-Authorization against a password; bits as for pv_www_authenticate().',
      args: passwordArgs,
      routes: ['request'],
      constArgs: true,
      aliases: ['pv_proxy_authorize'],
      returns: results,
      example: 'if (!pv_proxy_authenticate("$fd", "123abc", "0")) proxy_challenge("$fd", "1");',
      run: (me, ctx, realm, password, flags) => authenticate(me, ctx, realm, password, flags, 'proxy'),
    },
    pv_auth_check: {
      doc: 'Checks the header field the method uses, and with check bit 1 that the user is the one of From or To.',
      args: [...passwordArgs, varInt('checks', 'bit 1: user of the credentials against From and To')],
      routes: ['request'],
      constArgs: true,
      returns: checked,
      example: 'if (!pv_auth_check("$fd", "123abc", "0", "1")) { auth_challenge("$fd", "1"); exit; }',
      run(me, ctx, realm, password, flags, checks) {
        const { method } = ctx.msg;
        if (method === 'ACK' || method === 'CANCEL') return Auth.ok;
        const verdict = authenticate(me, ctx, realm, password, flags, sideOf(ctx));
        if (verdict !== Auth.ok || !(checks & CHECK_ID) || method === 'PRACK') return verdict;
        const user = me.state.digest.authorized(ctx.msg)?.user;
        if (user === undefined || !ctx.msg.from?.uri) return Auth.error;
        return identityHolds(ctx, user, me.params.use_domain !== 0) ? Auth.ok : Auth.mismatch;
      },
    },
    auth_get_www_authenticate: {
      doc: 'Puts a challenge for a 401 into a variable, line end included.',
      args: [realmArg, flagsArg, pvWritable('line', 'where it goes')],
      routes: ['request'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'no realm given' },
      example: 'auth_get_www_authenticate("$fd", "1", "$var(challenge)");',
      run(me, ctx, realm, flags, target) {
        if (realm === '') return -1;
        target.set?.(ctx, me.state.digest.challenge(null, realm, 'www', qopOf(flags, 1, 2), (flags & 16) !== 0));
        return 1;
      },
    },
    consume_credentials: {
      doc: 'Takes the credentials a check accepted out of the request: the next hop does not see them.',
      args: [],
      routes: ['request'],
      returns: { 1: 'taken out', [-1]: 'none were accepted, or the method has none' },
      example: 'consume_credentials();',
      run(me, ctx) {
        if (['ACK', 'CANCEL', 'PRACK'].includes(ctx.msg.method)) return -1;
        const found = me.state.digest.markedField(ctx.msg);
        if (found === null) {
          ctx.log(-1, 'no authorized credentials found (error in scripts)', 'auth');
          return -1;
        }
        return ctx.draft.edits.remove(found.field.start, found.field.end, found.field.id) ? 1 : -1;
      },
    },
    auth_algorithm: {
      doc: 'Chooses the algorithm by which this message is judged and challenged.',
      args: [varStr('algorithm', 'MD5 or SHA-256')],
      routes: ['request'],
      returns: { 1: 'chosen', [-1]: 'no such algorithm' },
      example: 'auth_algorithm("SHA-256");',
      run(me, ctx, algorithm) {
        if (algorithm !== 'MD5' && algorithm !== 'SHA-256') {
          ctx.log(-1, `invalid algorithm ${algorithm}: it is MD5 or SHA-256`, 'auth');
          return -1;
        }
        me.state.digest.choose(ctx.msg, algorithm);
        return 1;
      },
    },
    has_credentials: {
      doc: 'Are there credentials for this realm, right or not?',
      args: [varStr('realm')],
      routes: ['request'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (has_credentials("myrealm")) xlog("it knows the realm\\n");',
      run(me, ctx, realm) {
        const { digest } = me.state;
        return (['proxy', 'www'] as const).some((side) => {
          const found = digest.find(ctx.msg, realm, side);
          return found !== null && found !== 'broken';
        })
          ? 1
          : -1;
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  api: (me): AuthApi => me.state.digest,
  missing: [],
});
