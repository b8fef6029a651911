/** Cuts a byte stream into JSON documents by counting braces, as Kamailio reads its fifo. */
export const MAX_DOCUMENT = 8192;

export class DocumentSplitter {
  private waiting = '';
  private depth = 0;
  private quoted = false;
  private escaped = false;
  /** Whole documents; text between them is dropped, and so is a document longer than `MAX_DOCUMENT`. */
  push(bytes: string): string[] {
    const documents: string[] = [];
    for (const c of bytes) {
      if (this.depth === 0 && c !== '{') continue;
      this.waiting += c;
      if (this.escaped) this.escaped = false;
      else if (this.quoted) {
        if (c === '\\') this.escaped = true;
        else if (c === '"') this.quoted = false;
      } else if (c === '"') this.quoted = true;
      else if (c === '{') this.depth++;
      else if (c === '}' && --this.depth === 0) {
        documents.push(this.waiting);
        this.waiting = '';
      }
      if (this.waiting.length > MAX_DOCUMENT) this.reset();
    }
    return documents;
  }
  private reset() {
    this.waiting = '';
    this.depth = 0;
    this.quoted = false;
    this.escaped = false;
  }
}
