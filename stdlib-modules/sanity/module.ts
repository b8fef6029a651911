/**
 * Sanity checks on requests, with the answers they give (RFC 3261 §16.3 items 1, 2 and 5).
 */
import { defineModule, Method, opt, type RouteContext, type Verdict, varInt } from '../../runtime/sdk/index.js';
import {
  Check,
  DEFAULT_CHECKS,
  DEFAULT_URI_CHECKS,
  type Fault,
  runChecks,
  SIZE_DEFAULTS,
  splitTokens,
} from './checks.js';

/** What this module needs of sl. */
interface SlApi {
  reply(ctx: RouteContext, status: number, reason: string): Verdict;
}

const KEPT = 'sanity.fault';
/** Of a message with malformed header fields no response can be made. */
const answerable = ({ msg, draft }: RouteContext) =>
  msg.isRequest && msg.methodId !== Method.ACK && !draft.noReply && msg.wellFormed;

export default defineModule({
  name: 'sanity',
  doc: 'Sanity checks on requests, with the answers they give.',
  uses: ['sl'],
  params: {
    default_checks: { type: 'int', default: DEFAULT_CHECKS, doc: 'Checks made when sanity_check() names none.' },
    uri_checks: { type: 'int', default: DEFAULT_URI_CHECKS, doc: 'URIs parsed when sanity_check() names none.' },
    proxy_require: { type: 'str', default: '', doc: 'Option tags, comma-separated, that Proxy-Require may hold.' },
    autodrop: { type: 'int', default: 1, doc: '1: a failed check ends the script. 0: sanity_check() gives false.' },
    noreply: { type: 'int', default: 0, doc: '1: sanity_check() only notes the answer; sanity_reply() sends it.' },
    size_checks: {
      type: 'int',
      default: SIZE_DEFAULTS.size_checks,
      doc: '1: sizes are checked at each sanity_check(), without an answer; as check 65536 does.',
    },
    size_message: {
      type: 'int',
      default: SIZE_DEFAULTS.size_message,
      min: 0,
      doc: 'Most bytes of the message; 0: any.',
    },
    size_method: { type: 'int', default: SIZE_DEFAULTS.size_method, min: 0, doc: 'Most bytes of the method; 0: any.' },
    size_ruri: { type: 'int', default: SIZE_DEFAULTS.size_ruri, min: 0, doc: 'Most bytes of the Request-URI; 0: any.' },
    size_from_uri: {
      type: 'int',
      default: SIZE_DEFAULTS.size_from_uri,
      min: 0,
      doc: 'Most bytes of the URI in From; 0: any.',
    },
    size_to_uri: {
      type: 'int',
      default: SIZE_DEFAULTS.size_to_uri,
      min: 0,
      doc: 'Most bytes of the URI in To; 0: any.',
    },
    size_contact_uri: {
      type: 'int',
      default: SIZE_DEFAULTS.size_contact_uri,
      min: 0,
      doc: 'Most bytes of a URI in Contact; 0: any.',
    },
    size_route_uri: {
      type: 'int',
      default: SIZE_DEFAULTS.size_route_uri,
      min: 0,
      doc: 'Most bytes of a URI in Record-Route or Route; 0: any.',
    },
    size_path_uri: {
      type: 'int',
      default: SIZE_DEFAULTS.size_path_uri,
      min: 0,
      doc: 'Most bytes of a URI in Path; 0: any.',
    },
    size_pai_uri: {
      type: 'int',
      default: SIZE_DEFAULTS.size_pai_uri,
      min: 0,
      doc: 'Most bytes of a URI in P-Asserted-Identity; 0: any.',
    },
    size_header: {
      type: 'int',
      default: SIZE_DEFAULTS.size_header,
      min: 0,
      doc: 'Most bytes of a header field, its line end included; 0: any.',
    },
    size_headers: {
      type: 'int',
      default: SIZE_DEFAULTS.size_headers,
      min: 0,
      doc: 'Most bytes of all header fields; 0: any.',
    },
    size_body: { type: 'int', default: SIZE_DEFAULTS.size_body, min: 0, doc: 'Most bytes of the body; 0: any.' },
  },
  stats: {},
  functions: {
    sanity_check: {
      doc: 'Runs the checks of a bit mask and answers the request when one fails.',
      args: [opt(varInt('checks', 'mask of checks')), opt(varInt('uri_checks', 'mask of URIs to parse'))],
      routes: ['request', 'reply'],
      returns: { 1: 'passed', 0: 'failed and answered (autodrop)', [-1]: 'failed (autodrop off), or bad mask' },
      example: 'if (!sanity_check("17895", "7")) { exit; }',
      run(me, ctx, checks, uriChecks) {
        const mask = checks ?? me.params.default_checks;
        const uriMask = uriChecks ?? me.params.uri_checks;
        if (mask < 1 || (mask & ~(Check.sizes | 0x7fff)) !== 0 || uriMask < 1 || uriMask >= 1 << 4) return -1;
        ctx.data.delete(KEPT);
        const sizes = {
          message: me.params.size_message,
          method: me.params.size_method,
          ruri: me.params.size_ruri,
          fromUri: me.params.size_from_uri,
          toUri: me.params.size_to_uri,
          contactUri: me.params.size_contact_uri,
          routeUri: me.params.size_route_uri,
          pathUri: me.params.size_path_uri,
          paiUri: me.params.size_pai_uri,
          header: me.params.size_header,
          headers: me.params.size_headers,
          body: me.params.size_body,
        };
        const fault = runChecks(
          ctx,
          mask,
          uriMask,
          me.params.proxy_require === '' ? [] : splitTokens(me.params.proxy_require),
          me.params.size_checks !== 0 || (mask & Check.sizes) !== 0 ? sizes : null,
        );
        if (fault === null) return 1;
        if (fault.noReply) ctx.draft.noReply = true;
        if (fault.header !== undefined) ctx.draft.addReplyHeader(fault.header);
        if (fault.status !== 0 && answerable(ctx)) {
          if (me.params.noreply !== 0) ctx.data.set(KEPT, fault);
          else me.uses.get<SlApi>('sl').reply(ctx, fault.status, fault.reason);
        }
        return me.params.autodrop !== 0 ? 0 : -1;
      },
    },
    sanity_reply: {
      doc: 'Sends the answer that sanity_check() noted (`noreply` set), or 500 when there is none.',
      args: [],
      routes: ['request', 'reply'],
      returns: { 1: 'sent, or nothing to send', [-1]: 'could not be sent' },
      example: 'sanity_reply(); exit;',
      run(me, ctx) {
        if (!answerable(ctx) || me.params.noreply === 0) return 1;
        const fault = ctx.data.get(KEPT) as Fault | undefined;
        const { reply } = me.uses.get<SlApi>('sl');
        return reply(ctx, fault?.status ?? 500, fault?.reason ?? 'Server Sanity Failure') < 0 ? -1 : 1;
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
