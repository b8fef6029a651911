/** From a stack trace of the emitted program to the cfg line, by its source map. */
import { SourceMap } from 'node:module';

export class SourceLines {
  readonly #map: SourceMap | null;
  constructor(
    mapText: string,
    private readonly programPath: string,
  ) {
    this.#map = mapText === '' ? null : new SourceMap(JSON.parse(mapText));
  }
  /** `kamailio.cfg:12` of the innermost frame inside the program; undefined when there is none. */
  at(error: unknown): string | undefined {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    for (const line of stack.split('\n')) {
      const start = line.indexOf(`${this.programPath}:`);
      if (start < 0) continue;
      const [row, column] = line.slice(start + this.programPath.length + 1).split(':');
      const found = this.place(Number.parseInt(row ?? '', 10), Number.parseInt(column ?? '', 10));
      if (found) return found;
    }
    return undefined;
  }
  private place(row: number, column: number): string | undefined {
    if (!this.#map || !(row > 0) || !(column > 0)) return undefined;
    const entry = this.#map.findEntry(row - 1, column - 1);
    if (!('originalSource' in entry)) return undefined;
    return `${entry.originalSource.replace(/^.*\//, '')}:${entry.originalLine + 1}`;
  }
}
