/** Diagnostics as SARIF 2.1.0, the form that code scanning services read. */
import type { Span } from '../span.js';
import type { Diagnostic, Severity } from './define.js';
import { registry } from './registry.js';
import { readable, textRange } from './render.js';

const levels: Readonly<Record<Severity, string>> = {
  error: 'error',
  security: 'warning',
  warning: 'warning',
  hint: 'note',
};

/** Columns are UTF-16 units, which is what SARIF counts by default. */
export function renderSarif(diagnostics: readonly Diagnostic[], version: string): string {
  const codes = [...new Set(diagnostics.map((d) => d.code))].sort();
  const rules = codes.map((code) => {
    const kind = registry.get(code);
    return {
      id: code,
      ...(kind
        ? {
            name: kind.slug,
            shortDescription: { text: kind.slug.replaceAll('-', ' ') },
            fullDescription: { text: kind.why },
            help: { text: `${kind.why}\nsipc explain ${code} shows an example.` },
            defaultConfiguration: { level: levels[kind.severity] },
            ...(kind.severity === 'security' ? { properties: { tags: ['security'] } } : {}),
          }
        : {}),
    };
  });
  const results = diagnostics.map((d) => ({
    ruleId: d.code,
    ruleIndex: codes.indexOf(d.code),
    level: levels[d.severity],
    message: { text: readable(d.fix ? `${d.message}\n${d.fix}` : d.message) },
    locations: [{ physicalLocation: physical(d.span) }],
    ...(d.related.length > 0
      ? {
          relatedLocations: d.related.map(({ span, message }) => ({
            physicalLocation: physical(span),
            message: { text: readable(message) },
          })),
        }
      : {}),
    ...(d.edits ? { fixes: [fixOf(d)] } : {}),
  }));
  const driver = { name: 'sipc', version, semanticVersion: version, rules };
  const run = { tool: { driver }, columnKind: 'utf16CodeUnits', results };
  return `${JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }, null, 2)}\n`;
}

function physical(span: Span): { artifactLocation: { uri: string }; region: object } {
  return { artifactLocation: artifact(span), region: region(span) };
}

function region(span: Span): object {
  const { line, column, endLine, endColumn } = textRange(span);
  return { startLine: line, startColumn: column, endLine, endColumn };
}

function artifact({ file }: Span): { uri: string } {
  const path = encodeURI(readable(file.path)).replaceAll('#', '%23').replaceAll('?', '%3F');
  return { uri: path.startsWith('/') ? `file://${path}` : path };
}

function fixOf({ edits = [], fix, message }: Diagnostic): object {
  const byPath = new Map<string, typeof edits>();
  for (const edit of edits) byPath.set(edit.span.file.path, [...(byPath.get(edit.span.file.path) ?? []), edit]);
  return {
    description: { text: readable(fix ?? message) },
    artifactChanges: [...byPath.values()].map((list) => ({
      artifactLocation: artifact(list[0]!.span),
      replacements: list.map((edit) => ({
        deletedRegion: region(edit.span),
        ...(edit.text === '' ? {} : { insertedContent: { text: readable(edit.text) } }),
      })),
    })),
  };
}
