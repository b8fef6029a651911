/** Why a REGISTER was refused: the status, and the text of P-Registrar-Error (registrar's reply.c has the same list). */
export const errors = {
  invalidCSeq: { status: 400, text: 'Invalid CSeq number' },
  aorLength: { status: 500, text: 'Address Of Record too long' },
  aorParse: { status: 400, text: 'Error while parsing AOR' },
  invalidQ: { status: 400, text: 'Invalid q param in contact' },
  parse: { status: 400, text: 'Message parse error' },
  contactParse: { status: 400, text: 'Contact parse error' },
  expiresParse: { status: 400, text: 'Expires parse error' },
  starExpires: { status: 400, text: '* used in contact and expires is not zero' },
  starContact: { status: 400, text: '* used in contact and more than 1 contact' },
  unescape: { status: 400, text: 'Error while unescaping username' },
  tooMany: { status: 503, text: 'Too many registered contacts' },
  contactLength: { status: 400, text: 'Contact/received too long' },
  callIdLength: { status: 400, text: 'Callid too long' },
  pathParse: { status: 400, text: 'Path parse error' },
  pathUnsupported: { status: 420, text: 'No support for found Path indicated' },
  outboundUnsupported: { status: 421, text: 'No support for Outbound indicated' },
  outboundEdge: { status: 439, text: 'No support for Outbound on edge proxy' },
  outboundRequired: { status: 420, text: 'No support for Outbound on server' },
  /** A reg-id that is no number in the first contact: Kamailio refuses it with a plain 200 (pack_ci in save.c). */
  unexplained: { status: 200, text: '' },
  invalidRegId: { status: 400, text: 'Invalid Reg-Id number' },
  /** The location's database does not answer. */
  database: { status: 500, text: 'Server Internal Error' },
  /** It cannot hold a value of the contact. */
  contactInsert: { status: 500, text: 'usrloc_contact_insert failed' },
  contactUpdate: { status: 500, text: 'usrloc_contact_update failed' },
  lowExpires: { status: 423, text: 'Interval too brief' },
} as const;
export type RegistrarError = (typeof errors)[keyof typeof errors];

export const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  420: 'Bad Extension',
  421: 'Extension Required',
  423: 'Interval Too Brief',
  439: 'First Hop Lacks Outbound Support',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
};

export const isError = (value: unknown): value is RegistrarError =>
  typeof value === 'object' && value !== null && 'status' in value && 'text' in value;
