/** All kinds of diagnostics, by code: what `sipc explain`, the reference pages and the tests read. */
import * as preprocess from './1xxx-preprocess.js';
import * as syntax from './2xxx-syntax.js';
import * as names from './3xxx-names.js';
import * as types from './4xxx-types.js';
import * as routes from './5xxx-routes.js';
import * as async from './6xxx-async.js';
import * as ignores from './6xxx-ignores.js';
import * as lint from './6xxx-lint.js';
import * as network from './6xxx-network.js';
import * as routing from './6xxx-routing.js';
import * as security from './6xxx-security.js';
import * as emit from './7xxx-emit.js';
import type { DiagnosticKind } from './define.js';

/** A kind whose arguments do not matter. */
export type AnyKind = DiagnosticKind<never>;

const files: readonly object[] = [
  preprocess,
  syntax,
  names,
  types,
  routes,
  lint,
  async,
  routing,
  security,
  network,
  ignores,
  emit,
];

export const registry: ReadonlyMap<string, AnyKind> = byCode(
  files
    .flatMap((file) => Object.values(file))
    .filter(isKind)
    .sort((a, b) => (a.code < b.code ? -1 : 1)),
);

/** Two of one code would hide each other. */
function byCode(kinds: readonly AnyKind[]): Map<string, AnyKind> {
  const found = new Map<string, AnyKind>();
  for (const kind of kinds) {
    const other = found.get(kind.code);
    if (other) throw new Error(`${kind.code} is both ${other.slug} and ${kind.slug}`);
    found.set(kind.code, kind);
  }
  return found;
}

function isKind(value: unknown): value is AnyKind {
  return typeof value === 'object' && value !== null && 'code' in value && 'slug' in value && 'bad' in value;
}

/** By code (`SIPC3004`, `3004`) or slug. */
export function findKind(wanted: string): AnyKind | undefined {
  const code = /^\d{4}$/.test(wanted) ? `SIPC${wanted}` : wanted.toUpperCase();
  return registry.get(code) ?? [...registry.values()].find((kind) => kind.slug === wanted.toLowerCase());
}
