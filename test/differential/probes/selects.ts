/** Every select of the catalog's core paths, with words put in where a path has a place for any word. */
import { readFileSync } from 'node:fs';

interface Names {
  readonly core: { readonly selects: readonly string[] };
  readonly modules: Readonly<Record<string, { readonly selects?: readonly string[] }>>;
}
const catalog = JSON.parse(
  readFileSync(new URL('../../../compiler/catalog/kamailio-names.json', import.meta.url), 'utf8'),
) as Names;

/**
 * Not of 5.6.3 or read in pv-modules; or, in a failure route, text of memory that was given back (`date`) and a parameter that is not copied
 * (`from.params.tag`): these two are read in a request in pv-values.
 */
const absent = /^@cfg_selected\b|^@date$|^@tls\.\w+\.count\./;
const lost = /^(f|from)\.params\.tag$/;
/** Words for the places of a path, by what stands before the place. */
const words: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(msg)\.header$/, ['from', 'contact', 'x_list', 'route', 'refer_to', 'x_none', 'p_asserted_identity']],
  [/^(msg|message)\.(h|header)$/, ['from', 'x_list']],
  [/^authorization$/, ['tok']],
  [/^proxy_authorization$/, ['["a.example.com"]']],
  [/\.line$/, ['m', 'c', 'z']],
  [/^cfg_get$/, ['mine', 'core']],
  [/^cfg_get\.mine$/, ['words', 'named', 'amount']],
  [/^cfg_get\.core$/, ['debug']],
  [/^hf_value2?$/, ['x_list', 'contact', 'x_none', 'p_asserted_identity', 'diversion']],
  [/^hf_value_exists$/, ['x_list', 'x_none']],
  [/^hf_value_exists\.\w+$/, ['two', 'none']],
  [/uri\.params$|^next_hop\.params$|words\.params$/, ['x', 'lr']],
  [/\.(params?|p)$/, ['x', 'tag', 'q']],
  [/^sys\.now\.\w+$/, ['["%Y-%m-%d"]']],
  [/\.count$/, ['subject']],
];
const PLACE = /\.\{\w+\}(\?)?/;
function concrete(path: string): string[] {
  const place = PLACE.exec(path);
  if (place === null) return [path];
  const before = path.slice(0, place.index);
  const after = path.slice(place.index + place[0].length);
  const fitting = words.find(([pattern]) => pattern.test(before))?.[1] ?? ['x'];
  const filled = fitting.flatMap((word) => concrete(`${before}${word.startsWith('[') ? '' : '.'}${word}${after}`));
  return place[1] === '?' ? [...concrete(before + after), ...filled] : filled;
}
/** The paths a module of the catalog has, with words put in. */
export const modulePaths = (module: string): string[] => pathsOf(catalog.modules[module]?.selects ?? []);
const pathsOf = (paths: readonly string[]): string[] => [
  ...new Set(paths.filter((path) => !absent.test(path)).flatMap((path) => concrete(path.slice(1)))),
];

/** Of these the n-th can be asked for. */
const indexed = [
  ...['1', '2', '3', '9', '-1', '-2'].flatMap((n) => [
    `via[${n}]`,
    `via[${n}].host`,
    `via[${n}].params.branch`,
    `v[${n}].port`,
  ]),
  ...['1', '2', '3', '9', '-1', '-9'].flatMap((n) => [`msg.header.x_list[${n}]`, `msg.h.via[${n}]`]),
  ...['alias', 'comment', 'received', 'rport', 'i', 'params.x'].flatMap((part) => [`via[2].${part}`, `v[2].${part}`]),
  ...['', '.uri', '.uri.host'].map((part) => `msg.header.x_high${part && `.nameaddr${part}`}`),
  ...pathsOf(catalog.core.selects.filter((path) => /^@branch[.]\w*uriq?[.]/.test(path))).map((path) =>
    path.replace(/uriq?/, '$&[0]'),
  ),
  ...['0', '1', '9', '-1', '-9'].flatMap((n) =>
    ['uri', 'dst_uri', 'q', 'uriq', 'uri.host', 'uriq.uri.user'].map((part) =>
      part.includes('.') ? `branch.${part.replace('.', `[${n}].`)}` : `branch.${part}[${n}]`,
    ),
  ),
];
const decided = /^sys\.(now|unique|pid)|^(msg|message)\.id/;
const core = [...pathsOf(catalog.core.selects), ...indexed];
const ofModules = ['tm', 'textopsx'].flatMap((name) =>
  modulePaths(name).flatMap((path) =>
    // What is of a branch needs its number.
    /^tm\.uac\.(req|request|resp|response|status|uri)$/.test(path)
      ? ['0', '1', '9'].map((n) => path.replace('uac.', `uac[${n}].`))
      : [path],
  ),
);
const lists = ['1', '2', '3', '9', '-1', '-9', '0'].flatMap((n) => [
  `hf_value.x_list[${n}]`,
  `hf_value2.x_list[${n}]`,
  ...['', '.uri', '.name', '.params.q', '.p.expires', '.uri.host', '.nameaddr.name', '.nameaddr.uri.port'].map(
    (part) => `hf_value.contact[${n}]${part}`,
  ),
]);

const whole = /^(msg|message)(\.(req|request|res|response|h|header))?$|^tm\.ua[cs](\[\d+\])?\.(req|resp)\w*$/;
const bodies = /^(msg|message)\.(body|content)(\.sdp)?$/;
/** As an entry of a line of text: what may hold line ends as its first line, or as a digest. */
const entry = (path: string): string => {
  const inner = `sel(${path.replaceAll('"', '\\"')})`;
  if (whole.test(path)) return `$(${inner}{line.at,0})`;
  if (path.includes('x_high')) return `$(${inner}{s.encode.hexa})`;
  // Of another length and in hexadecimal digits from run to run.
  if (path === 'sys.unique' || /^(msg|message)\.id\.hex$/.test(path)) return `$(${inner}{s.len})`;
  return bodies.test(path) ? `$(${inner}{s.md5})` : `$${inner}`;
};
// Each once: a golden is a table of them.
export const selectReads: readonly string[] = [...new Set([...core, ...ofModules, ...lists])]
  .filter((path) => !decided.test(path) && !lost.test(path))
  .map(entry);
export const selectShapes: readonly string[] = core.filter((path) => decided.test(path)).map(entry);

/** Paths that never have a value on these messages, with where they do. */
export const selectsElsewhere: Readonly<Record<string, string>> = {
  'branch.uriq.name': 'nowhere: a target has no name',
  'tm.uas.local_to_tag': 'after a final response made here',
  'v.alias': 'nowhere: it has no value',
  'via.alias': 'nowhere: it has no value',
};
