/** Marks to a source map whose sources are the cfg and what it includes. */
import { addMapping, GenMapping, setSourceContent, toEncodedMap } from '@jridgewell/gen-mapping';
import { positionAt, type SourceFile, type Span } from '../span.js';
import type { Mark } from './writer.js';

export interface SourceMap {
  readonly version: number;
  readonly sources: readonly (string | null)[];
  readonly mappings: string;
}

/** The place in the file the author wrote: outside of macros. */
export function writtenSpan(span: Span): Span {
  let s = span;
  // A macro's text has no lines of its own: its use has. An include's has.
  while (s.via && s.via.file === s.file) s = s.via;
  return s;
}

export function sourceMap(file: string, marks: readonly Mark[]): SourceMap {
  const map = new GenMapping({ file });
  const seen = new Set<SourceFile>();
  for (const { line, column, span } of marks) {
    const { file: source, start } = writtenSpan(span);
    const at = positionAt(source, start);
    addMapping(map, {
      generated: { line: line + 1, column },
      source: source.path,
      original: { line: at.line, column: at.column - 1 },
    });
    if (!seen.has(source)) setSourceContent(map, source.path, source.text);
    seen.add(source);
  }
  return toEncodedMap(map) as SourceMap;
}

/** The comment that carries the map inside the file. Needs nothing of Node: the map is ASCII once escaped. */
export function inlineMap(map: SourceMap): string {
  const json = JSON.stringify(map).replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `//# sourceMappingURL=data:application/json;base64,${btoa(json)}\n`;
}
