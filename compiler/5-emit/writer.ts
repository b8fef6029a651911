/**
 * Where emitted text is written, around ts-morph's CodeBlockWriter. A piece of text may carry marks (`marked(span)`);
 * `finish()` takes them out and says which generated position each had.
 */
import CodeBlockWriter from 'code-block-writer';
import type { Span } from '../span.js';

/** From here on, up to the next mark, the text stands for `span`. Lines and columns from 0. */
export interface Mark {
  readonly line: number;
  readonly column: number;
  readonly span: Span;
}

const open = '\u0001';
const close = '\u0002';

export class Writer {
  private code = this.fresh();
  private readonly spans: Span[] = [];

  private fresh(): CodeBlockWriter {
    return new CodeBlockWriter({ indentNumberOfSpaces: 2, newLine: '\n', useTabs: false, useSingleQuote: true });
  }

  /** What `body` writes, as text to be looked at and then written with `written`. */
  captured(body: () => void): string {
    const outer = this.code;
    this.code = this.fresh();
    body();
    const text = this.code.toString();
    this.code = outer;
    return text;
  }
  /** Captured lines, at the current indentation. */
  written(text: string): void {
    this.code.write(text);
  }

  /** Text to put in front of code that stands for `span`. */
  marked(span: Span): string {
    this.spans.push(span);
    return `${open}${this.spans.length - 1}${close}`;
  }

  /** One statement. */
  line(text: string, span?: Span): void {
    this.code.writeLine(span ? this.marked(span) + text : text);
  }
  blank(): void {
    this.code.blankLine();
  }
  /** `head {`, what `body` writes, `}` and `tail`. */
  block(head: string, body: () => void, tail = '', span?: Span): void {
    this.openBlock(head, body, span);
    this.code.write(tail).newLine();
  }
  /** Without a line end after it, so that `} else {` can follow. */
  openBlock(head: string, body: () => void, span?: Span): void {
    this.code.write(`${span ? this.marked(span) : ''}${head}${head.endsWith('(') ? '{' : ' {'}`).newLine();
    this.code.indent(() => body());
    this.code.write('}');
  }
  endLine(): void {
    this.code.newLine();
  }
  indented(body: () => void): void {
    this.code.indent(() => body());
  }

  finish(): { text: string; marks: Mark[] } {
    const raw = this.code.toString();
    const marks: Mark[] = [];
    const pieces: string[] = [];
    let line = 0;
    let column = 0;
    const take = (piece: string) => {
      pieces.push(piece);
      for (let nl = piece.indexOf('\n'); nl >= 0; nl = piece.indexOf('\n', nl + 1)) line++;
      const last = piece.lastIndexOf('\n');
      column = last < 0 ? column + piece.length : piece.length - last - 1;
    };
    let from = 0;
    for (let at = raw.indexOf(open); at >= 0; at = raw.indexOf(open, from)) {
      take(raw.slice(from, at));
      const end = raw.indexOf(close, at);
      marks.push({ line, column, span: this.spans[Number(raw.slice(at + 1, end))]! });
      from = end + 1;
    }
    take(raw.slice(from));
    return { text: pieces.join(''), marks };
  }
}
