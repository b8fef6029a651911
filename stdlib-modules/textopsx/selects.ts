/** `@hf_value.name[2].param`: values of header fields that are lists; `@hf_value2`: of fields in the form of Authorization (textopsx.c). */
import { parseNameAddr, parseUri, type RouteContext, type SelectSpec, type Value } from '../../runtime/sdk/index.js';
import { readWhole } from './values.js';

type Words = readonly (string | number)[];
type Table = Record<string, SelectSpec<object, RouteContext>>;
const select = (doc: string, read: (ctx: RouteContext, words: Words) => Value): SelectSpec<object, RouteContext> => ({
  doc,
  get: (_me, ctx, words) => read(ctx, words),
});
const headerName = (word: string | number | undefined): string => String(word).replace(/(?!^)_/g, '-');

/** Most values one name is cut into. */
const MAX_VALUES = 1000;
/** A field's body at the commas outside quotes and angle brackets. */
function values(body: string): string[] {
  const found: string[] = [];
  let start = 0;
  let quoted = false;
  let angle = false;
  for (let i = 0; i <= body.length && found.length < MAX_VALUES; i++) {
    const c = body[i];
    if (c === '\\' && quoted) i++;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === '<') angle = true;
    else if (!quoted && c === '>') angle = false;
    else if (c === undefined || (c === ',' && !quoted && !angle)) {
      const value = body.slice(start, i).trim();
      if (value !== '' || found.length > 0) found.push(value);
      start = i + 1;
    }
  }
  return found;
}
const all = (ctx: RouteContext, words: Words): string[] =>
  ctx.msg.headersOf(headerName(words[1])).flatMap((field) => values(field.value));
/** From 1; from -1 backwards. */
function one(ctx: RouteContext, words: Words): string | null {
  const list = all(ctx, words);
  const index = typeof words[2] === 'number' ? words[2] || 1 : 1;
  return list.at(index > 0 ? index - 1 : index) ?? null;
}
const uriOf = (value: string): string => parseNameAddr(value)?.uriText ?? value.split(';')[0]!.trim();
const nameOf = (value: string): string => parseNameAddr(value)?.displayName ?? '';
function param(value: string, name: string): Value {
  const wanted = name.replace(/(?!^)_/g, '-').toLowerCase();
  const start = value.indexOf('>') < 0 ? 0 : value.indexOf('>');
  for (const part of value
    .slice(start)
    .split(/;(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .slice(1)) {
    const [key = '', text = ''] = part.split(/=(.*)/s);
    if (key.trim().toLowerCase() === wanted) return text.trim().replace(/^"(.*)"$/s, '$1');
  }
  return '';
}

const uriParts: Readonly<Record<string, (uri: NonNullable<ReturnType<typeof parseUri>>) => Value>> = {
  type: (u) => u.scheme,
  user: (u) => u.user ?? '',
  rn_user: (u) => u.param('rn') ?? u.user ?? '',
  pwd: (u) => u.password ?? '',
  host: (u) => u.host,
  port: (u) => (u.port ? String(u.port) : ''),
  hostport: (u) => (u.host === '' ? null : `${u.host}:${u.port || (u.secure ? 5061 : 5060)}`),
  transport: (u) => u.transport ?? (u.secure ? 'tls' : 'udp'),
  params: (u) => u.params,
};

function valueSelects(): Table {
  const table: Table = {};
  for (const path of ['hf_value.*', 'hf_value.*.#']) {
    const indexed = path.endsWith('#');
    const read = (ctx: RouteContext, words: Words): string =>
      indexed ? (one(ctx, words) ?? '') : all(ctx, words).join(',');
    const uri = (ctx: RouteContext, words: Words): string =>
      indexed ? uriOf(one(ctx, words) ?? '') : all(ctx, words).map(uriOf).join(',');
    table[path] = select('value of a header field that is a list, or all of them', read);
    table[`${path}.uri`] = select('URI of a value', uri);
    table[`${path}.name`] = select('display name of a value', (ctx, words) => nameOf(one(ctx, words) ?? ''));
    for (const [part, get] of Object.entries(uriParts))
      table[`${path}.uri.${part}`] = select(`${part} of the URI of a value`, (ctx, words) => {
        const parsed = parseUri(uri(ctx, words));
        return parsed === null ? null : get(parsed);
      });
    table[`${path}.uri.params.*`] = select('parameter of the URI of a value', (ctx, words) => {
      const parsed = parseUri(uri(ctx, words));
      return parsed?.param(headerName(words.at(-1))) || null;
    });
    for (const level of ['p', 'param', 'params'])
      table[`${path}.${level}.*`] = select('parameter of a value', (ctx, words) =>
        param(one(ctx, words) ?? '', String(words.at(-1))),
      );
    table[`${path}.*`] = select('parameter of a value', (ctx, words) =>
      param(one(ctx, words) ?? '', String(words.at(-1))),
    );
  }
  return table;
}

/** Whole fields; `@hf_value2.authorization.username`. A parameter can be read as a URI. */
function wholeSelects(): Table {
  const table: Table = {};
  for (const path of ['hf_value2.*', 'hf_value2.*.#']) {
    const indexed = path.endsWith('#');
    const at = indexed ? 3 : 2;
    const read = (ctx: RouteContext, words: Words, param: string | null): string | null =>
      readWhole(ctx, headerName(words[1]), indexed ? Number(words[2]) || 1 : 1, param);
    const parameter = (ctx: RouteContext, words: Words): string => read(ctx, words, headerName(words[at])) ?? '';
    table[path] = select('body of a header field', (ctx, words) => read(ctx, words, null));
    table[`${path}.*`] = select('parameter of a header field in the form of Authorization', parameter);
    table[`${path}.params.*`] = select('parameter behind a semicolon', (ctx, words) =>
      param(read(ctx, words, null) ?? '', String(words.at(-1))),
    );
    table[`${path}.*.uri`] = select('such a parameter as a URI', parameter);
    for (const [part, get] of Object.entries(uriParts))
      table[`${path}.*.uri.${part}`] = select(`${part} of the URI in such a parameter`, (ctx, words) => {
        const parsed = parseUri(parameter(ctx, words));
        return parsed === null ? null : get(parsed);
      });
    table[`${path}.*.uri.params.*`] = select('parameter of the URI in such a parameter', (ctx, words) => {
      const parsed = parseUri(parameter(ctx, words));
      return parsed?.param(headerName(words.at(-1))) || null;
    });
    table[`${path}.*.nameaddr.uri`] = select('URI of the name-addr in such a parameter', (ctx, words) =>
      uriOf(parameter(ctx, words)),
    );
    table[`${path}.*.nameaddr.name`] = select('display name of the name-addr in such a parameter', (ctx, words) =>
      nameOf(parameter(ctx, words)),
    );
  }
  return table;
}

export const headerValueSelects: Table = {
  ...valueSelects(),
  ...wholeSelects(),
  'hf_value_exists.*.*': select('1 when a header field has the value, 0 otherwise', (ctx, words) =>
    all(ctx, words).includes(String(words[2])) ? '1' : '0',
  ),
};
