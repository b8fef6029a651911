/** xmlops: XML documents in pseudo-variables, `$xml(name=>doc)` and `$xml(name=>xpath:…)`. */
import { defineModule, type RouteContext } from '../../runtime/sdk/index.js';
import { XmlDocument } from './documents.js';

const DATA = 'xmlops.documents';
/** Documents of a run by name. */
function documentsOf(ctx: RouteContext): Map<string, XmlDocument> {
  let all = ctx.data.get(DATA) as Map<string, XmlDocument> | undefined;
  if (all === undefined) {
    all = new Map();
    ctx.data.set(DATA, all);
  }
  return all;
}

const KEY = /^\s*([^=\s]+)\s*=>(?:(doc)|xpath:(.+))/s;
/** Null when the key is neither `name=>doc` nor `name=>xpath:…`. */
function keyOf(key: string): { readonly name: string; readonly expression: string | null } | null {
  const found = KEY.exec(key);
  return found?.[1] === undefined ? null : { name: found[1], expression: found[3] ?? null };
}
/** `prefix=uri`. */
const namespacesOf = (params: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    params.flatMap((written) => {
      const at = written.indexOf('=');
      return at > 0 ? [[written.slice(0, at), written.slice(at + 1)]] : [];
    }),
  );

export default defineModule({
  name: 'xmlops',
  doc: 'XML documents: read and changed by XPath.',
  uses: [],
  params: {
    buf_size: { type: 'int', default: 4095, min: 1, max: 262_144, doc: 'Longest document and value, bytes.' },
    xml_ns: { type: 'str', many: true, doc: '`prefix=uri`: a prefix that expressions may use.' },
  },
  stats: {},
  state: (_init, params) => ({ namespaces: namespacesOf(params.xml_ns) }),
  functions: {},
  pvs: {
    xml: {
      doc: 'A document (`$xml(x=>doc)`) or what an XPath expression finds in it (`$xml(x=>xpath:/a/b/text())`); assignment changes that. It lasts as long as the run.',
      type: 'str',
      key: { use: 'req', dynamic: true },
      get(me, ctx, key) {
        const at = keyOf(key);
        const doc = at && documentsOf(ctx).get(at.name);
        if (!at || !doc) return null;
        if (at.expression === null) return doc.whole(me.params.buf_size);
        return doc.select(at.expression, me.state.namespaces);
      },
      set(me, ctx, value, key) {
        const at = keyOf(key);
        if (at === null || typeof value !== 'string' || value.length > me.params.buf_size) return false;
        const documents = documentsOf(ctx);
        if (at.expression !== null)
          return documents.get(at.name)?.assign(at.expression, me.state.namespaces, value) ?? false;
        if (value === '') documents.delete(at.name);
        else documents.set(at.name, new XmlDocument(value));
        return true;
      },
    },
  },
  rpc: {},
  eventRoutes: {},
  missing: [],
});
