/**
 * Bugs planted by hand, one at a time, in a copy of the tree: each has to make the scenarios named beside it fail. What they show is
 * that the differential suite bites; a new mechanism in the runtime wants a new plant here.
 */
export interface Plant {
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly search: string;
  readonly replacement: string;
  /** `group/scenario`: at least one of these notices. */
  readonly noticedBy: readonly string[];
}

export const plants: readonly Plant[] = [
  {
    name: 'all branches of a fork get the same Via branch',
    file: 'runtime/proxy/life.ts',
    search: 'buildBranch(t.index, t.md5, branch)',
    replacement: 'buildBranch(t.index, t.md5, 0 * branch)',
    noticedBy: ['stock-calls/fork-answered', 'forks/branch'],
  },
  {
    name: 'responses of our own lose Call-ID',
    file: 'runtime/message/serialize.ts',
    search: '      case HeaderId.From:\n      case HeaderId.CallId:\n      case HeaderId.CSeq:\n        text',
    replacement: '      case HeaderId.From:\n      case HeaderId.CSeq:\n        text',
    noticedBy: ['stock-requests/options', 'script/ifs'],
  },
  {
    name: 'a second final response goes upstream after the first',
    file: 'runtime/proxy/response-context.ts',
    search: "    if (!success) return nothing('discarded');\n",
    replacement: '',
    noticedBy: ['stock-calls/fork-answered', 'forks/parallel'],
  },
  {
    name: 'the timer that ends the wait for an answer never fires',
    file: 'runtime/transaction/timers.ts',
    search: '    this.stop();\n    this.onFinal();\n',
    replacement: '    this.stop();\n',
    noticedBy: ['timers/silent', 'timers/ringing'],
  },
  {
    name: 'nothing is retransmitted over UDP',
    file: 'runtime/transaction/timers.ts',
    search: 'if (t1Ms > 0) this.#arm();',
    replacement: 'if (t1Ms > 1e9) this.#arm();',
    noticedBy: ['timers/silent', 'timers/message-silent'],
  },
  {
    name: 'a negative final response is not acknowledged',
    file: 'runtime/proxy/responses.ts',
    search: 'if (t.isInvite && msg.status >= 300) acknowledge(core, t, b, msg);',
    replacement: 'if (t.isInvite && msg.status >= 700) acknowledge(core, t, b, msg);',
    noticedBy: ['stock-calls/busy', 'forks/keep'],
  },
  {
    name: 'Max-Forwards is passed on as it came',
    file: 'stdlib-modules/maxfwd/module.ts',
    search: '  value--;\n',
    replacement: '',
    noticedBy: ['stock-requests/message', 'forks/keep'],
  },
  {
    name: 'rport in responses carries our port, not the caller’s',
    file: 'runtime/message/serialize.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    search: 'if (forceRport) text += `;rport=${msg.received.src.port}`;',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    replacement: 'if (forceRport) text += `;rport=${msg.received.socket.port}`;',
    noticedBy: ['stock-requests/options'],
  },
  {
    name: 'one Record-Route only, where the transports differ',
    file: 'stdlib-modules/rr/record.ts',
    search: "if (side === 'out' && !apart) return '';",
    replacement: "if (side === 'out') return '';",
    noticedBy: ['stock-transports/tcp-udp', 'routes/both-transports'],
  },
  {
    name: 'our own Route stays in the request',
    file: 'stdlib-modules/rr/loose.ts',
    search: '  removeField(ctx, here.field);\n  return next ? i + 1 : -1;',
    replacement: '  return next ? i + 1 : -1;',
    noticedBy: ['stock-calls/answered', 'routes/plain'],
  },
  {
    name: 'CANCEL is sent before any provisional response',
    file: 'runtime/proxy/cancel.ts',
    search: 'if (b.lastReceived < 100 && !how.force) {',
    replacement: 'if (b.lastReceived < 0 && !how.force) {',
    noticedBy: ['timers/cancel-silent'],
  },
  {
    name: 'a 200 leaves the other branches ringing',
    file: 'runtime/proxy/response-context.ts',
    search: '  prepareToCancel(t, set);\n  set.cause = status;\n  return',
    replacement: '  return',
    noticedBy: ['stock-calls/fork-answered', 'forks/parallel'],
  },
  {
    name: 'a 6xx leaves the other branches ringing',
    file: 'runtime/proxy/response-context.ts',
    search: '      prepareToCancel(t, set);\n      t.flags |= TransactionFlag.got6xx;',
    replacement: '      t.flags |= TransactionFlag.got6xx;',
    noticedBy: ['stock-calls/fork-declined'],
  },
  {
    name: 'the worst response of a fork is chosen',
    file: 'runtime/proxy/response-context.ts',
    search: 'if (p < bestPriority) {',
    replacement: 'if (best < 0 || p > bestPriority) {',
    noticedBy: ['stock-calls/fork-best', 'stock-calls/fork-busy-503'],
  },
  {
    name: 'a 503 is passed on as 503',
    file: 'runtime/proxy/response-context.ts',
    search: 'if (code === 503 && core.tm.remap503To500)',
    replacement: 'if (code === 599 && core.tm.remap503To500)',
    noticedBy: ['stock-calls/unavailable'],
  },
  {
    name: 'a retransmitted request is absorbed without the last response',
    file: 'runtime/proxy/replies.ts',
    search: '  sendResponse(core, t, t.lastResponse);\n',
    replacement: '',
    noticedBy: ['stock-calls/invite-again', 'stock-requests/message-again'],
  },
  {
    name: 'edits of a failure route stay for the next one',
    file: 'runtime/proxy/response-context.ts',
    search: 'const message = messageOf(winner.reply);\n  const draft = t.draft.clone();',
    replacement: 'const message = messageOf(winner.reply);\n  const draft = t.draft;',
    noticedBy: ['forks/edits'],
  },
  {
    name: 'edits of a branch route reach the other branches',
    file: 'runtime/proxy/forward.ts',
    search: 'let draft = run.draft.clone();',
    replacement: 'let draft = run.draft;',
    noticedBy: ['forks/branch'],
  },
  {
    name: 'expires=0 leaves the binding',
    file: 'stdlib-modules/registrar/save.ts',
    search: '        domain.remove(record, found);\n        verdict = 3;',
    replacement: '        verdict = 3;',
    noticedBy: ['stock-register/remove', 'stock-register/remove-param'],
  },
  {
    name: 'Content-Length stays when the body changes',
    file: 'runtime/message/serialize.ts',
    search: 'if (change === 0 && !stream) return;',
    replacement: 'if (!stream) return;',
    noticedBy: ['edits/subst-body', 'edits/replace-body'],
  },
  {
    name: 'the Reason of a CANCEL is lost on the way',
    file: 'runtime/proxy/cancel.ts',
    search: "if (reasons !== '') invite.cancelReason = reasons;",
    replacement: "if (reasons === '') invite.cancelReason = reasons;",
    noticedBy: ['stock-calls/cancel-ringing'],
  },
  {
    name: 'our ACK has the INVITE’s To, without the tag',
    file: 'runtime/proxy/local-requests.ts',
    search: '        text += o.to ?? line;',
    replacement: '        text += line;',
    noticedBy: ['stock-calls/busy'],
  },
];
