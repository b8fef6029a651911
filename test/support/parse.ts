/** Parsing a cfg that is a string, with other files beside it, and its diagnostics as short lines. */

import { readFileSync } from 'node:fs';
import { parseConfig } from '../../compiler/2-parse/index.js';
import type { Config } from '../../compiler/ast.js';
import { type Diagnostic, Diagnostics } from '../../compiler/diagnostics/define.js';
import { inOrder } from '../../compiler/diagnostics/render.js';
import { type Catalog, MemoryHost } from '../../compiler/host.js';
import { positionAt } from '../../compiler/span.js';

/** Kamailio's names, as committed. */
export const catalog = JSON.parse(
  readFileSync(new URL('../../compiler/catalog/kamailio-names.json', import.meta.url), 'utf8'),
) as Catalog;

export interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly defines?: Readonly<Record<string, string>>;
}

export function parseText(text: string, given: Given = {}): { config: Config; diagnostics: Diagnostic[] } {
  const host = new MemoryHost({ 'case.cfg': text, ...given.files }, new Map(), catalog, given.env);
  const found = new Diagnostics();
  const config = parseConfig(host, 'case.cfg', { defines: given.defines ?? {} }, found);
  return { config, diagnostics: inOrder(found.all) };
}

/** `SIPC2002 3:7`, with the file where it is another one. */
export function place({ code, span }: Diagnostic): string {
  const { line, column } = positionAt(span.file, span.start);
  const file = span.file.path === 'case.cfg' ? '' : `${span.file.path}:`;
  return `${code} ${file}${line}:${column}`;
}
