/**
 * Why sipc may answer a message of the sample otherwise than Kamailio 5.6.3. Each kind has its row in docs/deviations.md; a difference of
 * no kind is a bug, and a kind no message shows has to be removed.
 */
export interface Kind {
  /** How its row in docs/deviations.md begins. */
  readonly row: string;
  /** The message, and both answers as sample.ts writes them down; null: none. */
  readonly explains: (message: string, kamailio: string | null, sipc: string | null) => boolean;
}

const fields = (message: string): readonly string[] =>
  message
    .slice(0, `${message}\r\n\r\n`.indexOf('\r\n\r\n'))
    .split(/\r?\n(?![ \t])/)
    .slice(1);
const valuesOf = (message: string, name: RegExp): readonly string[] =>
  fields(message).flatMap((field) => {
    const at = field.indexOf(':');
    return at > 0 && name.test(field.slice(0, at).trim()) ? [field.slice(at + 1).trim()] : [];
  });
const refusedBy = (answer: string | null): boolean => answer === null || /^SIP\/2\.0 4/.test(answer);

export const kinds: readonly Kind[] = [
  {
    row: 'a header field name with',
    explains: (message, kamailio) =>
      refusedBy(kamailio) && fields(message).some((field) => /^[\w.+~-]*[!%*`'][\w.+~!%*`'-]*[ \t]*:/.test(field)),
  },
  {
    row: 'a Via with a port above 65535',
    explains: (message, _kamailio, sipc) =>
      sipc === null &&
      valuesOf(message, /^(via|v)$/i).some(
        (value) =>
          /:65536/.test(value) ||
          !/^SIP *\/ *\d\.\d *\/ *[\w%]+\s+([\w.-]+|\[[\d:a-f.]+\])(:\d*)?\s*([;,(]|$)/i.test(value) ||
          /;lr;lr/.test(value),
      ),
  },
  {
    row: 'a Via with a transport that is not known',
    explains: (message, kamailio) =>
      kamailio === null && /^SIP\/2\.0\/DTLS/i.test(valuesOf(message, /^(via|v)$/i)[0] ?? ''),
  },
  {
    row: 'an escaped character in a quoted parameter of From or To',
    explains: (message, kamailio) =>
      refusedBy(kamailio) && valuesOf(message, /^(from|f|to|t)$/i).some((value) => /;[^<>]*=\s*"[^"]*\\/.test(value)),
  },
  {
    row: '`<` or a quote within the angle brackets of To',
    explains: (message, kamailio) =>
      kamailio === null && valuesOf(message, /^(to|t)$/i).some((value) => /<[^>]*[<"]/.test(value)),
  },
  {
    row: '`$(rb{s.len})` of a message that ends within its header fields',
    explains: (message) => !/\r?\n\r?\n/.test(message),
  },
  {
    row: 'a response in which a field stands twice',
    explains: (message, _kamailio, sipc) =>
      sipc === null &&
      message.startsWith('SIP/2.0 ') &&
      [/^(from|f)$/i, /^(to|t)$/i, /^max-forwards$/i].some((name) => valuesOf(message, name).length > 1),
  },
];
