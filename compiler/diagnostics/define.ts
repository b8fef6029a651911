/** `defineDiagnostic` and the collection that phases report into. Codes: STYLE.md, "Diagnostics". */
import type { Span } from '../span.js';

export type Severity = 'error' | 'warning' | 'hint' | 'security';

export interface DiagnosticSpec<A> {
  readonly severity: Severity;
  readonly message: (args: A) => string;
  readonly why: string;
  /** What to do, for this case. */
  readonly fix?: (args: A) => string | undefined | false;
  /** The fix as text, where it can be made without asking: `sipc check --fix`. `span` is where it is reported. */
  readonly edits?: (args: A, span: Span) => readonly Edit[];
  /** A cfg that gives exactly this code … */
  readonly bad: string;
  /** … and one that does not. */
  readonly good: string;
}
export interface DiagnosticKind<A> extends DiagnosticSpec<A> {
  readonly code: string;
  readonly slug: string;
}
export interface Label {
  readonly span: Span;
  readonly message: string;
}
/** What stands at `span` becomes `text`. */
export interface Edit {
  readonly span: Span;
  readonly text: string;
}
export interface Diagnostic {
  readonly code: string;
  readonly slug: string;
  readonly severity: Severity;
  readonly message: string;
  readonly fix?: string;
  /** Made together or not at all. */
  readonly edits?: readonly Edit[];
  readonly span: Span;
  readonly related: readonly Label[];
}

/** `define('SIPC3004', 'unknown-route', {…})`. Each `<n>xxx-*.ts` file exports its kinds; `registry.ts` gathers them. */
export function defineDiagnostic<A>(code: string, slug: string, spec: DiagnosticSpec<A>): DiagnosticKind<A> {
  return { code, slug, ...spec };
}

/** What the phases report into: they collect and go on. */
export class Diagnostics {
  readonly all: Diagnostic[] = [];
  report<A>(kind: DiagnosticKind<A>, span: Span, args: A, related: readonly Label[] = []): void {
    const fix = kind.fix?.(args);
    const edits = isWrittenHere(span) ? (kind.edits?.(args, span) ?? []) : [];
    this.all.push({
      code: kind.code,
      slug: kind.slug,
      severity: kind.severity,
      message: kind.message(args),
      ...(fix ? { fix } : {}),
      ...(edits.length > 0 ? { edits } : {}),
      span,
      related,
    });
  }
  get hasErrors(): boolean {
    return this.all.some((d) => d.severity === 'error');
  }
}

/** Not inside a definition, whose text serves other places too. An include leads to its quoted name, a use to a word. */
function isWrittenHere(span: Span): boolean {
  for (let via = span.via; via; via = via.via) if (via.file.text[via.start] !== '"') return false;
  return true;
}
