/** Definitions: `#!define` and its relatives, `-A`, the environment, and the names that are there from the start. */
import type { SourceFile, Span } from '../span.js';

export interface Definition {
  readonly name: string;
  /** Where the text that replaces the name stands; null: the name is replaced by nothing. */
  readonly value: { readonly file: SourceFile; readonly start: number; readonly end: number } | null;
  /** The name, where it was defined; null for what the cfg did not define. */
  readonly span: Span | null;
}

/** Kamailio's own version names (ppcfg.c, pp_define_core). */
const predefined = ['KAMAILIO_5', 'KAMAILIO_5_6', 'KAMAILIO_5_6_3'];
/** Of `#!ifexp`: major, minor and patch as one number. */
export const versionNumber = 5_006_003;

export class Defines {
  private readonly map = new Map<string, Definition>();

  constructor(commandLine: Readonly<Record<string, string>>) {
    for (const name of predefined) this.map.set(name, { name, value: null, span: null });
    for (const [name, text] of Object.entries(commandLine)) this.map.set(name, ofText(name, text, `-A ${name}`, null));
  }
  get(name: string): Definition | undefined {
    return this.map.get(name);
  }
  has(name: string): boolean {
    return this.map.has(name);
  }
  /** All of them with their text. */
  texts(): ReadonlyMap<string, string> {
    return new Map([...this.map].map(([name, definition]) => [name, textOf(definition)]));
  }
  set(definition: Definition): void {
    this.map.set(definition.name, definition);
  }
  delete(name: string): boolean {
    return this.map.delete(name);
  }
}

/** A definition whose text stands in no file: `origin` names where it came from. */
export function ofText(name: string, text: string, origin: string, span: Span | null): Definition {
  return { name, span, value: text === '' ? null : { file: { path: origin, text }, start: 0, end: text.length } };
}

/** The text of a definition, continuation lines joined. */
export function textOf(definition: Definition): string {
  const { value } = definition;
  return value ? value.file.text.slice(value.start, value.end).replaceAll('\\\n', '') : '';
}
