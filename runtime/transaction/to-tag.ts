/**
 * To-tags of responses made here (RFC 3261 §8.2.6.2, §19.3): a server's part, kept, and the request's.
 */
import type { SipMessage } from '../message/message.js';
import { tagPrefix, tagSuffix } from '../message/tags.js';

export class ToTags {
  readonly prefix: string;
  constructor(signature: 'SER-TM/tags' | 'KAMAILIO-stateless', ip: string, port: number) {
    this.prefix = tagPrefix(signature, ip, port, signature === 'SER-TM/tags' ? '-' : '.');
  }
  of(request: SipMessage): string {
    return this.prefix + tagSuffix(request);
  }
}
