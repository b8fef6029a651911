/**
 * Request methods and their bits, as Kamailio numbers them (parser/msg_parser.h): `methodId` and `is_method()` masks.
 * Method names are case-sensitive (RFC 3261 §7.1), but Kamailio matches the ones it knows without case.
 */

export const Method = {
  UNDEF: 0,
  INVITE: 1,
  CANCEL: 2,
  ACK: 4,
  BYE: 8,
  INFO: 16,
  REGISTER: 32,
  SUBSCRIBE: 64,
  NOTIFY: 128,
  MESSAGE: 256,
  OPTIONS: 512,
  PRACK: 1024,
  UPDATE: 2048,
  REFER: 4096,
  PUBLISH: 8192,
  KDMQ: 16384,
  GET: 32768,
  POST: 65536,
  PUT: 131072,
  DELETE: 262144,
  OTHER: 524288,
} as const;

/** Names in bit order, for lists. */
export const methodNames: readonly string[] = Object.keys(Method).slice(1, -1);

const equalsFolded = (text: string, name: string): boolean => {
  for (let i = 0; i < name.length; i++) {
    const c = text.charCodeAt(i);
    const n = name.charCodeAt(i);
    // Only a letter folds: 0x20 apart is not enough for '@' and '`'.
    if (c !== n && (c | 0x20) !== (n | 0x20)) return false;
    if (c !== n && (c < 0x41 || c > 0x7a)) return false;
  }
  return true;
};
const is = (text: string, name: string, id: number): number =>
  text === name || equalsFolded(text, name) ? id : Method.OTHER;

/** Bit of a method; `OTHER` when it is not one of those Kamailio knows, `UNDEF` for empty text. */
export function methodId(name: string): number {
  switch (name.length) {
    case 0:
      return Method.UNDEF;
    case 3:
      switch (name.charCodeAt(0) | 0x20) {
        case 0x61:
          return is(name, 'ACK', Method.ACK);
        case 0x62:
          return is(name, 'BYE', Method.BYE);
        case 0x67:
          return is(name, 'GET', Method.GET);
        case 0x70:
          return is(name, 'PUT', Method.PUT);
        default:
          return Method.OTHER;
      }
    case 4:
      switch (name.charCodeAt(0) | 0x20) {
        case 0x69:
          return is(name, 'INFO', Method.INFO);
        case 0x6b:
          return is(name, 'KDMQ', Method.KDMQ);
        case 0x70:
          return is(name, 'POST', Method.POST);
        default:
          return Method.OTHER;
      }
    case 5:
      return (name.charCodeAt(0) | 0x20) === 0x70 ? is(name, 'PRACK', Method.PRACK) : is(name, 'REFER', Method.REFER);
    case 6:
      switch (name.charCodeAt(0) | 0x20) {
        case 0x69:
          return is(name, 'INVITE', Method.INVITE);
        case 0x63:
          return is(name, 'CANCEL', Method.CANCEL);
        case 0x6e:
          return is(name, 'NOTIFY', Method.NOTIFY);
        case 0x75:
          return is(name, 'UPDATE', Method.UPDATE);
        case 0x64:
          return is(name, 'DELETE', Method.DELETE);
        default:
          return Method.OTHER;
      }
    case 7:
      switch (name.charCodeAt(0) | 0x20) {
        case 0x6d:
          return is(name, 'MESSAGE', Method.MESSAGE);
        case 0x6f:
          return is(name, 'OPTIONS', Method.OPTIONS);
        case 0x70:
          return is(name, 'PUBLISH', Method.PUBLISH);
        default:
          return Method.OTHER;
      }
    case 8:
      return is(name, 'REGISTER', Method.REGISTER);
    case 9:
      return is(name, 'SUBSCRIBE', Method.SUBSCRIBE);
    default:
      return Method.OTHER;
  }
}

/**
 * `INVITE|ACK` as `is_method()` takes it: the bits, and the names that have none of their own.
 * Null when a name is empty.
 */
export function parseMethodList(text: string): { readonly mask: number; readonly others: readonly string[] } | null {
  let mask = 0;
  const others: string[] = [];
  for (const part of text.split('|')) {
    const name = part.trim();
    if (name === '') return null;
    const id = methodId(name);
    if (id === Method.OTHER) others.push(name);
    else mask |= id;
  }
  return { mask, others };
}
