/**
 * Record ids as Kamailio's sruid makes them: `prefix-<time>-<pid>-<counter>`, all hexadecimal; the counter's digits
 * run backwards, lowest first.
 */
export class RuidSource {
  private counter = 0;
  private readonly root: string;
  constructor(prefix: string, nowSec: number, pid: number, serverId: number) {
    const parts = [prefix, ...(serverId === 0 ? [] : [serverId.toString(16)]), nowSec.toString(16), pid.toString(16)];
    this.root = `${parts.join('-')}-`;
  }
  next(): string {
    this.counter = (this.counter + 1) >>> 0 || 1;
    let digits = '';
    for (let v = this.counter; v !== 0; v >>>= 4) digits += (v & 15).toString(16);
    return this.root + digits;
  }
}
