/**
 * Makes compiler/catalog/kamailio-names.json, the names Kamailio has, and kamailio-versions.json, when they came and went,
 * from the folder of catalog files given as argument (`modules.json`, `core.json` and `removed.json`, facts taken from
 * Kamailio's source) and from Kamailio's repository, whose tags tell when a name came: tsx scripts/make-catalog.ts FOLDER REPOSITORY
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog, Versions } from '../compiler/host.js';

interface Named {
  readonly name: string;
  readonly in563?: boolean;
  readonly in31?: boolean;
  readonly in30?: boolean;
}
/** A module, or what went from one: the newest revision does not have it. */
interface Removed extends Omit<SourceModule, 'name'> {
  readonly module: string;
  readonly moduleGone: boolean;
}
interface SourceFunction extends Named {
  readonly minArgs: number;
  readonly maxArgs: number | null;
  readonly arity563?: readonly [number, number | null];
  readonly variadic?: boolean;
}
interface SourceModule extends Named {
  readonly exportName?: string;
  readonly functions?: readonly SourceFunction[];
  readonly params?: readonly (Named & { readonly type: string })[];
  readonly pvs?: readonly Named[];
  readonly transformations?: readonly {
    readonly class: string;
    readonly ops: readonly { readonly op: string; readonly in563?: boolean }[];
  }[];
  readonly selects?: readonly string[];
  readonly eventRoutes?: readonly string[];
}
interface SourceCore {
  readonly globalParams: readonly (Named & {
    readonly aliases?: readonly string[];
    readonly value: readonly string[];
  })[];
  readonly functions: readonly (Named & {
    readonly aliases?: readonly string[];
    readonly forms: readonly (readonly string[])[];
    readonly bare?: boolean;
  })[];
  readonly corePvs: readonly Named[];
  readonly coreSelects: readonly string[];
  readonly coreEventRoutes: readonly string[];
}

const [folder, repository] = process.argv.slice(2);
if (!folder || !repository) {
  console.error('usage: tsx scripts/make-catalog.ts FOLDER REPOSITORY');
  process.exit(2);
}
const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();

const { modules } = read<{ modules: readonly SourceModule[] }>('modules.json');
const core = read<SourceCore>('core.json');
const { modules: removed } = read<{ modules: readonly Removed[] }>('removed.json');

const catalog: Catalog = {
  modules: Object.fromEntries(
    [...modules.map(withGone), ...goneModules()]
      .map((m) => [m.name, moduleNames(m)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ),
  core: {
    functions: Object.fromEntries(
      core.functions.flatMap((f) =>
        [f.name, ...(f.aliases ?? [])].map((name) => [
          name,
          [...f.forms.map((form) => form.join(', ')), ...(f.bare ? ['bare'] : [])],
        ]),
      ),
    ),
    globals: unique(core.globalParams.flatMap((p) => [p.name, ...(p.aliases ?? [])])),
    globalValues: Object.fromEntries(
      core.globalParams
        .filter((p) => p.value.join() !== 'number')
        .flatMap((p) => [p.name, ...(p.aliases ?? [])].map((name) => [name, p.value] as const)),
    ),
    pvs: unique(core.corePvs.map((p) => p.name)),
    selects: unique(core.coreSelects.flatMap(asWritten)),
    eventRoutes: unique(core.coreEventRoutes),
  },
};

/** With what 5.6.3 still has and later versions do not: that version is the reference. */
function withGone(m: SourceModule): SourceModule {
  const gone = removed.find((r) => r.module === m.name && !r.moduleGone);
  const still = <T extends Named>(own: readonly T[] | undefined, left: readonly T[] | undefined): T[] => [
    ...(own ?? []),
    ...(left ?? []).filter((n) => n.in563),
  ];
  if (!gone) return m;
  return {
    ...m,
    functions: still(m.functions, gone.functions),
    params: still(m.params, gone.params),
    pvs: still(m.pvs, gone.pvs),
  };
}
function goneModules(): SourceModule[] {
  return removed.filter((r) => r.moduleGone && r.in563).map((r) => ({ ...r, name: r.module }));
}

/** Releases after 5.6, and what is in none of them. */
const releases = ['5.7.0', '5.8.0', '6.0.0', '6.1.0'] as const;
const NEXT = '6.2';
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', repository!, ...args], { encoding: 'latin1', maxBuffer: 1 << 28 });
const literals = new Map<string, ReadonlySet<string>>();
/** Every string literal of one word in the source of a module. */
function literalsOf(module: string, release: string): ReadonlySet<string> {
  const key = `${release}:${module}`;
  const known = literals.get(key);
  if (known !== undefined) return known;
  const under = module === 'core' ? 'src/core' : `src/modules/${module}`;
  let found = '';
  try {
    found = git('grep', '-h', '-I', '-o', '-E', '"[A-Za-z_0-9.]+"', release, '--', `${under}/*.c`, `${under}/*.h`);
  } catch (error) {
    // 1: nothing is found, the module is newer.
    if ((error as { status?: number }).status !== 1) throw error;
  }
  const made = new Set(found.split('\n').map((word) => word.slice(1, -1)));
  literals.set(key, made);
  return made;
}
const since = (has: (release: string) => boolean): string => releases.find(has)?.slice(0, 3) ?? NEXT;
/** `names` under which the source of the module writes it. */
const nameSince = (module: string, ...names: readonly string[]): string =>
  since((release) => names.some((name) => literalsOf(module, release).has(name)));

/** When a name was there the last time, and what is newer than 5.6. */
function versions(): Versions {
  const last = (n: Pick<Named, 'in31'>): string => (n.in31 ? '3.1' : '3.0');
  const old = removed.filter((r) => !r.in563 || !r.moduleGone);
  const goneOf = (what: 'functions' | 'params' | 'pvs') => {
    const found: Record<string, [module: string, last: string]> = {};
    for (const r of old)
      for (const n of r[what] ?? [])
        if (!n.in563) found[what === 'params' ? `${r.module}:${n.name}` : n.name] ??= [r.module, last(n)];
    return found;
  };
  const newer = (what: 'functions' | 'params' | 'pvs') =>
    Object.fromEntries(
      [...modules, { name: 'core', in563: true, functions: [], params: [], pvs: core.corePvs }].flatMap((m) =>
        (m.in563 ? (m[what] ?? []) : [])
          .filter((n) => !n.in563)
          .map((n) => [`${m.name}:${n.name}`, nameSince(m.name, n.name)] as const),
      ),
    );
  return {
    gone: {
      modules: Object.fromEntries(removed.filter((r) => r.moduleGone && !r.in563).map((r) => [r.module, last(r)])),
      functions: goneOf('functions'),
      params: goneOf('params'),
      pvs: goneOf('pvs'),
    },
    newer: {
      modules: Object.fromEntries(
        modules
          .filter((m) => !m.in563)
          .map((m) => [m.name, since((release) => git('ls-tree', release, `src/modules/${m.name}`) !== '')] as const),
      ),
      functions: newer('functions'),
      params: newer('params'),
      pvs: newer('pvs'),
      transformations: Object.fromEntries(
        modules.flatMap((m) =>
          (m.transformations ?? []).flatMap((t) =>
            t.ops
              .filter(({ in563 }) => !in563)
              .map(({ op }) => [`${m.name}:${t.class}.${op}`, nameSince(m.name, op, `${t.class}.${op}`)] as const),
          ),
        ),
      ),
    },
  };
}

/**
 * A select as a cfg writes it. An index does not change which one it is. Where the tables hand the text of a header field or a
 * parameter on to what reads any name-addr or any URI, that word is part of the path: `@msg.h.from.nameaddr.uri.host`.
 * Of `hf_value` and `hf_value2`, rows that stand behind one that takes every word are never reached.
 */
function asWritten(select: string): string[] {
  const path = select.replace(/\[\{int\}\]\??/g, '');
  if (/^@hf_value2\.\{name\}\.\{name\}|^@hf_value\.\{name\}\.\{name\}$/.test(path)) return [];
  const [, text, rest] =
    /^(@(?:msg|message)\.(?:h|header)\.\{name\}|@cfg_get\.\{str\}\.\{name\}|@nathelper\.rewrite_contact|@hf_value\.\{name\})\.(.+)$/.exec(
      path,
    ) ?? [];
  if (text === undefined || rest === undefined) return [path];
  const ofUri = /^(type|user|rn_user|pwd|host|port|hostport|transport|params\.\{str\}\?)$/.test(rest);
  if (text === '@hf_value.{name}') {
    const plain = rest === 'params.{str}?' ? [] : [path];
    return /^(name$|uri(\.|$)|params\.\{str\}\?$)/.test(rest) ? [...plain, `${text}.nameaddr.${rest}`] : plain;
  }
  if (rest === 'params.{str}' || rest.startsWith('nameaddr.')) return [path];
  if (!text.startsWith('@cfg_get') || !ofUri) return [`${text}.nameaddr.${rest}`];
  const uri = `${text}.uri.${rest}`;
  return rest.startsWith('params') ? [`${text}.nameaddr.${rest}`, uri] : [uri];
}

/** What a module gives to others, listed among its functions: a cfg that calls it ends the process. */
function isApi({ name }: SourceFunction): boolean {
  return name.startsWith('bind_');
}

function moduleNames(m: SourceModule): Catalog['modules'][string] {
  const functions: Record<string, [number, number]> = {};
  for (const f of m.functions ?? []) {
    if (isApi(f)) continue;
    const [min, max] = f.arity563 ?? [f.minArgs, f.maxArgs];
    functions[f.name] = [min, max === null || f.variadic ? -1 : max];
  }
  return {
    functions,
    params: Object.fromEntries(
      (m.params ?? []).map((p) => [p.name, p.type === 'int' || p.type === 'str' ? p.type : 'any'] as const),
    ),
    pvs: unique((m.pvs ?? []).map((p) => p.name)),
    transformations: unique((m.transformations ?? []).flatMap((t) => t.ops.map(({ op }) => `${t.class}.${op}`))),
    eventRoutes: unique(m.eventRoutes ?? []),
    ...(m.selects && m.selects.length > 0 ? { selects: unique(m.selects.flatMap(asWritten)) } : {}),
    ...(m.exportName && m.exportName !== m.name ? { exportName: m.exportName } : {}),
  };
}

const lines = Object.entries(catalog.modules).map(([name, m]) => `${JSON.stringify(name)}:${JSON.stringify(m)}`);
const text = `{"modules":{\n${lines.join(',\n')}\n},\n"core":${JSON.stringify(catalog.core)}}\n`;
writeFileSync(new URL('../compiler/catalog/kamailio-names.json', import.meta.url), text);
const { gone, newer } = versions();
const table = (name: string, group: object): string =>
  `"${name}":{\n${Object.entries(group)
    .map(([what, names]) => `${JSON.stringify(what)}:${JSON.stringify(names)}`)
    .join(',\n')}\n}`;
writeFileSync(
  new URL('../compiler/catalog/kamailio-versions.json', import.meta.url),
  `{${table('gone', gone)},\n${table('newer', newer)}}\n`,
);
