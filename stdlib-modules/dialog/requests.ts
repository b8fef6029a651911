/**
 * Requests the server sends within dialogs (RFC 3261 §12.2.1; dlg_req_within.c, dlg_transfer.c): BYE to both sides,
 * keepalives, REFER and the calls that bridge two parties.
 */
import {
  type Grammar,
  HeaderId,
  type LocalOutcome,
  type LocalRequest,
  type LocalSent,
  type Maybe,
  parseNameAddrList,
} from '../../runtime/sdk/index.js';
import { DialogContext, keepContext } from './context.js';
import { type Dialog, DialogFlag, Direction, Leg, otherSide, PropertyFlag, Side, State } from './dialog.js';
import type { Dialogs } from './dialogs.js';

const MAX_FORWARDS = 'Max-Forwards: 70\r\n';
const MAX_CSEQ = 0x7fff_ffff;

/** Who talks to whom: the one that asks is `local`. */
interface Ends {
  readonly callId: string;
  readonly local: { readonly uri: string; readonly tag: string; readonly cseq: string };
  readonly remote: { readonly uri: string; readonly leg: Leg };
}
/** Towards a side, in the name of the other. */
function endsOf(dialog: Dialog, side: Side): Ends {
  const { tag, cseq } = dialog.leg(otherSide(side));
  const [uri, remote] = side === Side.caller ? [dialog.toUri, dialog.fromUri] : [dialog.fromUri, dialog.toUri];
  return { callId: dialog.callId, local: { uri, tag, cseq }, remote: { uri: remote, leg: dialog.leg(side) } };
}

/** `;alias=address~port~protocol` in a Contact: where it really is (nathelper). */
const protocols = ['', 'udp', 'tcp', 'tls', 'sctp', 'ws', 'ws'] as const;
export function withoutAlias(uri: string): { readonly uri: string; readonly nextHop: string } | null {
  const at = uri.lastIndexOf(';alias=');
  const found = at < 0 ? null : /^;alias=([^~]+)~(\d{1,5})~([1-6])(?=;|$)/.exec(uri.slice(at));
  if (found === null) return null;
  const [whole, ip, port, proto] = found;
  const transport = protocols[Number(proto)] ?? 'udp';
  return { uri: uri.slice(0, at) + uri.slice(at + whole.length), nextHop: `sip:${ip}:${port};transport=${transport}` };
}

/** Null: the dialog lacks what a request needs. `shift` is added to the CSeq number. */
function requestOf(ends: Ends, grammar: Grammar, method: string, headers: string, shift: number): LocalRequest | null {
  const { local, remote } = ends;
  const { contact, routeSet, tag, socket } = remote.leg;
  if (contact === '' || !/^\d{1,10}$/.test(local.cseq)) return null;
  const routes = routeSet === '' ? [] : parseNameAddrList(routeSet, grammar);
  if (routes === null) return null;
  const direct = routes.length === 0 ? withoutAlias(contact) : null;
  let uri = direct?.uri ?? contact;
  let values = routes.map(({ text }) => text);
  let nextHop = direct?.nextHop ?? null;
  const first = routes[0];
  if (first !== undefined && first.uri?.param('lr') == null) {
    // RFC 3261 §12.2.1.1: a strict router takes the Request-URI, the remote target becomes the last Route.
    nextHop = first.uriText;
    values = [...values.slice(1), `<${contact}>`];
    uri = first.uriText;
  }
  return {
    method,
    uri,
    nextHop,
    socket,
    from: `<${local.uri}>`,
    fromTag: local.tag,
    to: `<${remote.uri}>`,
    toTag: tag,
    callId: ends.callId,
    cseq: Math.min(MAX_CSEQ, Number(local.cseq) + shift),
    routes: values,
    headers,
  };
}

const lineOf = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\r\n`);

export class Requests {
  constructor(private readonly dialogs: Dialogs) {}

  /** `dialog`: the one event_route[tm:local-request] finds set. */
  private send(dialog: Dialog | null, request: LocalRequest): Maybe<LocalSent> {
    return this.dialogs.server.transactions.request({
      ...request,
      prepared(t) {
        if (dialog === null) return;
        const context = new DialogContext();
        context.dialog = dialog;
        keepContext(t, context);
      },
    });
  }

  // ---------------------------------------------------------------------------------------------------------------
  // BYE

  private sendBye(dialog: Dialog, side: Side, headers: string, known = true): Maybe<boolean> {
    const { dialogs } = this;
    if (this.rings(dialog)) return this.endEarly(dialog, side);
    if (!dialog.isConfirmed) {
      dialogs.log(-1, 'a dialog that is not confirmed cannot be ended');
      return false;
    }
    const more = side === Side.callee ? lineOf(dialogs.settings.calleeHeaders) : '';
    const request = requestOf(
      endsOf(dialog, side),
      this.dialogs.server.grammar,
      'BYE',
      headers + more,
      dialog.has(PropertyFlag.prack) ? 81 : 1,
    );
    if (request === null) {
      dialogs.log(-1, `the BYE of ${dialog.callId} cannot be built`);
      return false;
    }
    const sent = this.send(known ? dialog : null, { ...request, completed: () => this.byeAnswered(dialog) });
    return sent instanceof Promise ? sent.then(({ code }) => code > 0) : sent.code > 0;
  }
  /** It is not answered yet, and `bye_early_code` says how to end such a call. */
  private rings({ state }: Dialog): boolean {
    return this.dialogs.settings.early !== null && state <= State.early;
  }
  /** A call that rings: its caller gets a final response, its callee CANCEL. False: its INVITE has no transaction (any more). */
  private endEarly(dialog: Dialog, side: Side): boolean {
    const { settings, server } = this.dialogs;
    const { transaction } = dialog;
    if (transaction === null || settings.early === null) {
      this.dialogs.log(-1, 'the call rings, but its INVITE has no transaction any more');
      return false;
    }
    const { status, reason } = settings.early;
    if (side === Side.caller) return server.transactions.replyTo(transaction, status, reason);
    server.transactions.cancelBranches(transaction);
    return true;
  }
  private byeHeaders(headers: string): string {
    return MAX_FORWARDS + this.dialogs.settings.extraHeaders + headers;
  }
  /** To one side. False: it was done before, or cannot be. */
  bye(dialog: Dialog, side: Side): Maybe<boolean> {
    const flag = side === Side.caller ? DialogFlag.callerBye : DialogFlag.calleeBye;
    if ((dialog.dflags & flag) !== 0) return false;
    dialog.dflags |= flag;
    const sent = this.sendBye(dialog, side, this.byeHeaders(''));
    this.dialogs.event(dialog, null, dialog.state, State.deleted);
    return sent;
  }
  /** To both. `known`: the run that asks has the dialog set. */
  byeAll(dialog: Dialog, headers = '', known = true): Maybe<boolean> {
    const { dialogs } = this;
    // The final response to the caller cancels the callee.
    if (this.rings(dialog)) return this.endEarly(dialog, Side.caller);
    for (const l of dialogs.listeners) l.terminated?.(dialog, null, Direction.none);
    const text = this.byeHeaders(headers);
    const toCaller = this.sendBye(dialog, Side.caller, text, known);
    const toCallee = this.sendBye(dialog, Side.callee, text, known);
    dialogs.event(dialog, null, dialog.state, State.deleted);
    if (typeof toCaller === 'boolean' && typeof toCallee === 'boolean') return toCaller && toCallee;
    return Promise.all([toCaller, toCallee]).then(([a, b]) => a && b);
  }
  private byeAnswered(dialog: Dialog): void {
    const { dialogs } = this;
    if (!dialog.linked) return;
    const { old, state, release } = dialogs.advance(dialog, 'BYE');
    if (state !== State.deleted) return;
    if (old === State.deleted) {
      dialogs.keeper?.removed(dialog);
      return;
    }
    const timer = dialogs.stopTimer(dialog) ? 1 : 0;
    for (const l of dialogs.listeners) l.terminationConfirmed?.(dialog, null);
    dialogs.active--;
    dialogs.table.release(dialog, release + timer);
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Keepalives

  /** Those whose time has come; they come again until the dialog is gone. */
  keepAlive(): void {
    const { dialogs } = this;
    const { keepalives } = dialogs;
    const now = dialogs.nowSec;
    let due = 0;
    while ((keepalives[due]?.due ?? Number.POSITIVE_INFINITY) <= now) due++;
    for (const entry of keepalives.splice(0, due)) {
      const { dialog, sides } = entry;
      if (!dialog.linked) continue;
      if ((sides & PropertyFlag.keepaliveCaller) !== 0) this.sendKeepalive(dialog, Side.caller);
      if ((sides & PropertyFlag.keepaliveCallee) !== 0) this.sendKeepalive(dialog, Side.callee);
      if (dialog.state === State.deleted) continue;
      entry.due = now + dialogs.settings.kaIntervalSec;
      keepalives.push(entry);
    }
  }
  private sendKeepalive(dialog: Dialog, side: Side): void {
    const { settings } = this.dialogs;
    if (dialog.state !== State.confirmed || this.dialogs.isForeign(dialog.leg(side).socket)) return;
    const headers = side === Side.callee ? settings.calleeHeaders : '';
    // Behind the number last used: it must not count as a request of the dialog (§12.2.2).
    const last = Number(dialog.leg(otherSide(side)).cseq);
    const request = requestOf(endsOf(dialog, side), this.dialogs.server.grammar, 'OPTIONS', headers, last > 1 ? -1 : 0);
    if (request === null) return;
    void this.send(dialog, { ...request, completed: (outcome) => this.keepaliveAnswered(dialog, side, outcome) });
  }
  private keepaliveAnswered(dialog: Dialog, side: Side, { status }: LocalOutcome): void {
    if (!dialog.linked || dialog.state !== State.confirmed) return;
    const missed = status === 408 || status === 481;
    if (status === 408 && dialog.leg(side).cseq === '') return;
    const count = !missed ? 0 : (side === Side.caller ? dialog.missedByCaller : dialog.missedByCallee) + 1;
    if (side === Side.caller) dialog.missedByCaller = count;
    else dialog.missedByCallee = count;
    if (missed && count >= this.dialogs.settings.kaFailedLimit && this.dialogs.updateTimer(dialog, ENDING_SEC)) {
      dialog.lifetime = ENDING_SEC;
      dialog.dflags |= DialogFlag.changed;
    }
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Any request

  /** To one side of a dialog that is confirmed, or to the caller. False: it cannot be built or sent. */
  within(dialog: Dialog, side: Side, method: string, headers: string, body: string): Maybe<boolean> {
    const request =
      dialog.isConfirmed || side === Side.caller
        ? requestOf(endsOf(dialog, side), this.dialogs.server.grammar, method, headers, 1)
        : null;
    if (request === null) {
      this.dialogs.log(-1, `the ${method} of ${dialog.callId} cannot be built`);
      return false;
    }
    const sent = this.send(dialog, { ...request, body });
    return sent instanceof Promise ? sent.then(({ code }) => code > 0) : sent.code > 0;
  }

  // ---------------------------------------------------------------------------------------------------------------
  // REFER

  /** Refers one side of the dialog to somebody else, and leaves once that is answered. The other side is asked to call. */
  refer(dialog: Dialog, side: Side, to: string): Maybe<boolean> {
    const asked = otherSide(side);
    // The URIs stand the other way round than the tags (dlg_transfer): only tags identify a dialog (RFC 3261 §12).
    const [uri, remote] = side === Side.caller ? [dialog.toUri, dialog.fromUri] : [dialog.fromUri, dialog.toUri];
    const { tag, cseq } = dialog.leg(side);
    const leg = Object.assign(new Leg(), dialog.leg(asked), { socket: null });
    return this.sendRefer(
      { callId: dialog.callId, local: { uri, tag, cseq }, remote: { uri: remote, leg } },
      to,
      dialog,
    );
  }
  private sendRefer(ends: Ends, to: string, dialog: Dialog | null): Maybe<boolean> {
    const { bridgeController, bridgeContact } = this.dialogs.settings;
    const headers = `Referred-By: ${bridgeController}\r\nRefer-To: ${to}\r\nContact: <${bridgeContact}>\r\n`;
    const refer = requestOf(ends, this.dialogs.server.grammar, 'REFER', headers, 1);
    if (refer === null) return false;
    const leave = () => {
      const bye = requestOf(ends, this.dialogs.server.grammar, 'BYE', '', 2);
      if (bye !== null) void this.send(null, bye);
    };
    const sent = this.send(dialog, { ...refer, completed: leave });
    return sent instanceof Promise ? sent.then(({ code }) => code > 0) : sent.code > 0;
  }

  /** Calls `from`, on hold or with this body, and refers it to `to`. */
  bridge(from: string, to: string, proxy: string, body: string = HOLD): Maybe<boolean> {
    const { bridgeController, bridgeContact } = this.dialogs.settings;
    const sent = this.send(null, {
      method: 'INVITE',
      uri: from,
      nextHop: proxy,
      from: bridgeController,
      to: from,
      headers: `Contact: <${bridgeContact}>\r\nContent-Type: application/sdp\r\n`,
      body,
      completed: (outcome) => this.bridged(outcome, to),
    });
    return sent instanceof Promise ? sent.then(({ code }) => code > 0) : sent.code > 0;
  }
  private bridged({ status, reply }: LocalOutcome, to: string): void {
    const contact = reply?.nameAddr(HeaderId.Contact);
    if (status >= 300 || !reply?.callId || !reply.from?.tag || !reply.to || !contact) return;
    const leg = new Leg();
    leg.tag = reply.to.tag ?? '';
    leg.contact = contact.uriText;
    leg.socket = reply.received.socket;
    leg.routeSet = reply
      .recordRoutes()
      .map(({ addr }) => addr.text)
      .reverse()
      .join(',');
    const local = { uri: reply.from.uriText, tag: reply.from.tag, cseq: reply.cseq?.numberText ?? '' };
    void this.sendRefer({ callId: reply.callId, local, remote: { uri: reply.to.uriText, leg } }, to, null);
  }
}

/** What is left to a dialog whose keepalives fail, or that is never acknowledged. */
export const ENDING_SEC = 10;
/** An offer that sends and wants nothing. */
const HOLD = [
  'v=0',
  'o=kamailio-bridge 0 0 IN IP4 0.0.0.0',
  's=kamailio',
  'c=IN IP4 0.0.0.0',
  't=0 0',
  'm=audio 9 RTP/AVP 8 0',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  '',
].join('\r\n');
