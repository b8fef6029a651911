/**
 * More text operations: applying edits at once, changing the status of a response, iterating over header fields.
 */
import {
  applyChanges,
  applyNow,
  Draft,
  defineModule,
  Edits,
  fnmatch,
  type HeaderField,
  HeaderId,
  Iterators,
  indexMessage,
  insertAt,
  lineIterator,
  linesBetween,
  opt,
  ParseFailure,
  type RouteContext,
  regex,
  route,
  shaped,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { headerValueSelects } from './selects.js';
import * as values from './values.js';

/** `msg_apply_changes()` works on requests in request_route, and on responses. */
const mayRewrite = (ctx: RouteContext) => !ctx.msg.isRequest || ctx.kind === 'request';

function apply(ctx: RouteContext): Verdict {
  return mayRewrite(ctx) ? applyNow(ctx) : -1;
}

function setBuffer(ctx: RouteContext, text: string): Verdict {
  if (!mayRewrite(ctx) || text === '') return -1;
  const made = indexMessage(text, ctx.msg.received, ctx.grammar, ctx.msg.id);
  if (made instanceof ParseFailure || made.via === null) return 0;
  ctx.msg = made;
  ctx.draft.edits = Edits.empty();
  ctx.draft.uri = null;
  ctx.draft.replyPieces = [];
  return 1;
}

/** A positive final response stays one; a provisional one stays in its class. */
function changeStatus(ctx: RouteContext, code: number, reason: string | null): Verdict {
  const { msg, draft } = ctx;
  if (msg.isRequest || code < 100 || code > 699 || reason === '') return -1;
  if ((code < 300 || msg.status < 300) && Math.trunc(code / 100) !== Math.trunc(msg.status / 100)) return -1;
  const { secondStart, secondEnd, thirdStart, thirdEnd } = msg.startLine;
  const text = msg.raw.slice(0, secondStart) + code + msg.raw.slice(secondEnd);
  const made = indexMessage(text, msg.received, ctx.grammar, msg.id);
  if (made instanceof ParseFailure) return -1;
  // Offsets are the same as before: the edits made so far still fit.
  ctx.msg = made;
  if (reason !== null) draft.edits.replace(thirdStart, thirdEnd, reason);
  return 1;
}

const kept: ReadonlySet<number> = new Set([
  HeaderId.From,
  HeaderId.To,
  HeaderId.CallId,
  HeaderId.CSeq,
  HeaderId.Via,
  HeaderId.Contact,
  HeaderId.ContentLength,
  HeaderId.ContentType,
  HeaderId.Route,
  HeaderId.RecordRoute,
  HeaderId.MaxForwards,
]);

/** Header fields, and the lines of the body. */
const fields = new Iterators<HeaderField>('textopsx.fields');
const body = lineIterator('bl', 'blitval', 'the body', ({ msg }) =>
  linesBetween(msg.raw, msg.bodyStart, msg.raw.length),
);

/** The route sees the message as it would be sent now; what it does to it is lost. */
function changedRoute(ctx: RouteContext, name: string): Verdict | Promise<Verdict> {
  const { msg, draft } = ctx;
  const made = applyChanges(msg, draft);
  if (made === null) return -1;
  const own = new Draft();
  own.flags = draft.flags;
  own.sendSocket = draft.sendSocket;
  const restore = (): void => {
    ctx.msg = msg;
    ctx.draft = draft;
  };
  ctx.msg = made;
  ctx.draft = own;
  let running: Verdict | null | Promise<Verdict>;
  try {
    running = ctx.server.script.callRoute(ctx, name);
  } catch (error) {
    restore();
    throw error;
  }
  if (running instanceof Promise) return running.finally(restore).then(() => 1);
  restore();
  return running === null ? -1 : 1;
}

const moved = { 1: 'there is one', [-1]: 'no more, or no such iterator' } as const;
const ok = { 1: 'done', [-1]: 'failed' } as const;
const name = varStr('iterator', 'its name');

/** The first argument of the functions on values, parsed once a text. */
function placeOf(known: Map<string, values.Place | null>, text: string): values.Place | null {
  let place = known.get(text);
  if (place === undefined) {
    place = values.parsePlace(text);
    known.set(text, place);
  }
  return place;
}
const placed = shaped('hf', values.shapes.place, 'NAME, NAME[n] or NAME[*], with or without .param');
const assignable = shaped('hf', values.shapes.assigned, 'NAME or NAME[n], or with .param also NAME[*]');
const oneValue = shaped('hf', values.shapes.value, 'NAME or NAME[n]');
const plainName = shaped('hf', values.shapes.name, 'the name of a header field');
const newValue = varStr('value');

export default defineModule({
  name: 'textopsx',
  doc: 'More text operations: applying edits at once, changing the status of a response, iterating over header fields.',
  uses: [],
  params: {},
  stats: {},
  state: () => ({ places: new Map<string, values.Place | null>() }),
  functions: {
    msg_apply_changes: {
      doc: 'Makes the edits so far visible to reads; refused after a Record-Route was added.',
      args: [],
      routes: ['request', 'reply'],
      returns: { 1: 'done', 0: 'the result is no message', [-1]: 'not possible here' },
      example: 'append_hf("X: 1\\r\\n"); msg_apply_changes();',
      run: (_me, ctx) => apply(ctx),
    },
    msg_changed_route: {
      doc: 'Runs a route on the message as it would be sent now; what the route does to it is lost.',
      args: [route('request', 'name', 'of a route block')],
      routes: ['any'],
      runs: ['request'],
      async: 'maybe',
      returns: { 1: 'done', [-1]: 'there is no such route, or the result is no message' },
      example: 'append_hf("X-Id: 1\\r\\n"); msg_changed_route("X");',
      run: (_me, ctx, name) => changedRoute(ctx, name),
    },
    msg_set_buffer: {
      doc: 'Replaces the message by a text.',
      args: [varStr('text')],
      routes: ['request', 'reply'],
      returns: { 1: 'done', 0: 'the text is no message', [-1]: 'not possible here' },
      example: 'msg_set_buffer("$var(text)");',
      run: (_me, ctx, text) => setBuffer(ctx, text),
    },
    change_reply_status: {
      doc: 'Changes status and reason of a response.',
      args: [varInt('code'), varStr('reason')],
      routes: ['reply'],
      constArgs: true,
      returns: ok,
      example: 'if (status == "603") { change_reply_status(404, "Not Found"); }',
      run: (_me, ctx, code, reason) => changeStatus(ctx, code, reason),
    },
    change_reply_status_code: {
      doc: 'Changes the status of a response, not its reason.',
      args: [varInt('code')],
      routes: ['reply'],
      returns: ok,
      example: 'change_reply_status_code("404");',
      run: (_me, ctx, code) => changeStatus(ctx, code, null),
    },
    remove_body: {
      doc: 'Removes the body.',
      args: [],
      routes: ['any'],
      returns: ok,
      example: 'remove_body();',
      run(_me, ctx) {
        const { msg } = ctx;
        if (msg.bodyLength === 0) return 1;
        return ctx.draft.edits.remove(msg.bodyStart, msg.raw.length) ? 1 : -1;
      },
    },
    keep_hf: {
      doc: 'Removes all header fields but those of routing and body, and those whose name matches.',
      args: [opt(regex('expression'))],
      routes: ['any'],
      // Kamailio's function gives false whatever happens.
      returns: { [-1]: 'always' },
      example: 'keep_hf("User-Agent");',
      run(_me, ctx, re) {
        if (ctx.msg.broken) return -1;
        for (const h of ctx.msg.headers) {
          if (!kept.has(h.id) && !(re?.test(h.name) ?? false)) ctx.draft.edits.remove(h.start, h.end, h.id);
        }
        return -1;
      },
    },
    fnmatch: {
      doc: 'True when a text matches a shell pattern.',
      args: [varStr('text'), varStr('pattern'), opt(varStr('flags', 'taken, without effect, as in Kamailio 5.6'))],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'it does', [-1]: 'it does not' },
      example: 'if (fnmatch("$rU", "123*")) { exit; }',
      run: (_me, _ctx, text, pattern) => (fnmatch(pattern, text) ? 1 : -1),
    },
    append_hf_value: {
      doc: 'Adds a value behind the n-th one of a header field that is a list, or as a new field when there is none; without `[n]` always as a new field.',
      args: [oneValue, newValue],
      routes: ['any'],
      constArgs: true,
      returns: ok,
      example: 'append_hf_value("Supported[-1]", "gruu");',
      run(me, ctx, hf, value) {
        const place = placeOf(me.state.places, hf);
        return place === null ? -1 : values.appendValue(ctx, place, value);
      },
    },
    insert_hf_value: {
      doc: 'Adds a value before the n-th one of a header field that is a list; without `[n]` as a new field before the first of the name.',
      args: [oneValue, newValue],
      routes: ['any'],
      constArgs: true,
      returns: ok,
      example: 'insert_hf_value("Supported[1]", "gruu");',
      run(me, ctx, hf, value) {
        const place = placeOf(me.state.places, hf);
        return place === null ? -1 : values.insertValue(ctx, place, value);
      },
    },
    remove_hf_value: {
      doc: 'Removes the n-th value (1 when not written, `*` for the whole fields), or a parameter of it.',
      args: [placed],
      routes: ['any'],
      constArgs: true,
      returns: ok,
      example: 'remove_hf_value("Contact[*].expires");',
      run(me, ctx, hf) {
        const place = placeOf(me.state.places, hf);
        return place === null ? -1 : values.changeValue(ctx, place, null, false);
      },
    },
    remove_hf_value2: {
      doc: 'As remove_hf_value(), for header fields in the form of Authorization: a comma does not end a value.',
      args: [placed],
      routes: ['any'],
      constArgs: true,
      returns: ok,
      example: 'remove_hf_value2("Authorization.opaque");',
      run(me, ctx, hf) {
        const place = placeOf(me.state.places, hf);
        return place === null ? -1 : values.changeValue(ctx, place, null, true);
      },
    },
    assign_hf_value: {
      doc: 'Replaces the n-th value, or sets a parameter of it; an empty value leaves the parameter without `=`.',
      args: [assignable, newValue],
      routes: ['any'],
      constArgs: true,
      returns: ok,
      example: 'assign_hf_value("Contact[1].expires", "60");',
      run(me, ctx, hf, value) {
        const place = placeOf(me.state.places, hf);
        return place === null ? -1 : values.changeValue(ctx, place, value, false);
      },
    },
    assign_hf_value2: {
      doc: 'As assign_hf_value(), for header fields in the form of Authorization: a comma does not end a value.',
      args: [assignable, newValue],
      routes: ['any'],
      constArgs: true,
      returns: ok,
      example: 'assign_hf_value2("Authorization.opaque", "\\"\\"");',
      run(me, ctx, hf, value) {
        const place = placeOf(me.state.places, hf);
        return place === null ? -1 : values.changeValue(ctx, place, value, true);
      },
    },
    include_hf_value: {
      doc: 'Adds a value to a header field that is a list, unless it has it.',
      args: [plainName, newValue],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'added, or there already', [-1]: 'failed' },
      example: 'include_hf_value("Supported", "path");',
      run: (_me, ctx, hf, value) => values.includeValue(ctx, hf.trim(), value),
    },
    exclude_hf_value: {
      doc: 'Removes a value from all fields of a name.',
      args: [plainName, newValue],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'it is not there any more', [-1]: 'failed' },
      example: 'exclude_hf_value("Supported", "path");',
      run: (_me, ctx, hf, value) => values.excludeValue(ctx, hf.trim(), value),
    },
    hf_value_exists: {
      doc: 'Is a value in one of the fields of a name?',
      args: [plainName, newValue],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (hf_value_exists("Supported", "path")) { exit; }',
      run: (_me, ctx, hf, value) => (values.hasValue(ctx, hf.trim(), value) ? 1 : -1),
    },
    hf_iterator_start: {
      doc: 'Starts a named iterator over the header fields; hf_iterator_next() goes to the first.',
      args: [name],
      routes: ['any'],
      returns: ok,
      example:
        'hf_iterator_start("i1"); while (hf_iterator_next("i1")) { xlog("$hfitname(i1)\\n"); } hf_iterator_end("i1");',
      run: (_me, ctx, it) =>
        !ctx.msg.broken && ctx.msg.headers.length > 0 ? fields.start(ctx, it, ctx.msg.headers) : -1,
    },
    hf_iterator_next: {
      doc: 'Goes to the next header field.',
      args: [name],
      routes: ['any'],
      returns: moved,
      example: 'hf_iterator_next("i1");',
      run: (_me, ctx, it) => fields.next(ctx, it),
    },
    hf_iterator_prev: {
      doc: 'Goes to the header field before.',
      args: [name],
      routes: ['any'],
      returns: moved,
      example: 'hf_iterator_prev("i1");',
      run: (_me, ctx, it) => fields.previous(ctx, it),
    },
    hf_iterator_end: {
      doc: 'Gives the iterator back.',
      args: [name],
      routes: ['any'],
      returns: ok,
      example: 'hf_iterator_end("i1");',
      run: (_me, ctx, it) => fields.end(ctx, it, ctx.msg.headers),
    },
    hf_iterator_rm: {
      doc: 'Removes the header field the iterator is at.',
      args: [name],
      routes: ['any'],
      returns: ok,
      example: 'hf_iterator_rm("i1");',
      run(_me, ctx, it) {
        const h = fields.current(ctx, it);
        return h !== undefined && ctx.draft.edits.remove(h.start, h.end, h.id) ? 1 : -1;
      },
    },
    hf_iterator_append: {
      doc: 'Adds text after the header field the iterator is at.',
      args: [name, varStr('text')],
      routes: ['any'],
      returns: ok,
      example: 'hf_iterator_append("i1", "X-My: $si\\r\\n");',
      run: (_me, ctx, it, text) => insertAt(ctx, fields.current(ctx, it)?.end, text),
    },
    hf_iterator_insert: {
      doc: 'Adds text before the header field the iterator is at.',
      args: [name, varStr('text')],
      routes: ['any'],
      returns: ok,
      example: 'hf_iterator_insert("i1", "X-My: $si\\r\\n");',
      run: (_me, ctx, it, text) => insertAt(ctx, fields.current(ctx, it)?.start, text),
    },
    bl_iterator_start: body.start,
    bl_iterator_next: body.next,
    bl_iterator_end: body.end,
    bl_iterator_rm: body.rm,
    bl_iterator_append: body.append,
    bl_iterator_insert: body.insert,
  },
  pvs: {
    hfitname: {
      doc: 'Name of the header field a named iterator is at.',
      type: 'str',
      key: { use: 'req' },
      get: (_me, ctx, key) => fields.current(ctx, key)?.name ?? null,
    },
    hfitbody: {
      doc: 'Value of the header field a named iterator is at.',
      type: 'str',
      key: { use: 'req' },
      get: (_me, ctx, key) => fields.current(ctx, key)?.value ?? null,
    },
    blitval: body.line,
  },
  rpc: {},
  selects: headerValueSelects,
  eventRoutes: {},
  missing: [],
});
