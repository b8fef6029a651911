/**
 * Routing errors, with Kamailio's numbers (error.h), and what is answered for them (error.c, err2reason_phrase).
 */
export const RouteError = {
  unspecified: -1,
  outOfMemory: -2,
  config: -6,
  noSocket: -7,
  badVia: -8,
  badTuple: -9,
  /** A transaction is there already. */
  script: -10,
  tooManyBranches: -12,
  send: -477,
  badAddress: -478,
  badUri: -479,
  badProto: -480,
  badRequest: -400,
  canceled: -487,
  badServer: -500,
  prohibited: -510,
} as const;

/** Status and reason for an error; `source` is `TM` or `SL`. */
export function errorResponse(code: number, source: string): { status: number; reason: string } {
  const [status, text] = meaning(code);
  return { status, reason: `${text} (${-code}/${source})` };
}
function meaning(code: number): [number, string] {
  switch (code) {
    case RouteError.send:
      return [477, 'Unfortunately error on sending to next hop occurred'];
    case RouteError.badAddress:
      return [478, 'Unresolvable destination'];
    case RouteError.badRequest:
      return [400, 'Bad Request'];
    case RouteError.badUri:
      return [479, 'Regretfully, we were not able to process the URI'];
    case RouteError.badTuple:
      return [400, 'Transaction tuple incomplete'];
    case RouteError.tooManyBranches:
      return [500, 'Forking capacity exceeded'];
    case RouteError.canceled:
      return [487, 'Transaction canceled'];
    case 0:
    case RouteError.outOfMemory:
      return [500, 'No error'];
    default:
      return [500, "I'm terribly sorry, server error occurred"];
  }
}

const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  181: 'Call Is Being Forwarded',
  182: 'Queued',
  183: 'Session Progress',
  200: 'OK',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  305: 'Use Proxy',
  380: 'Alternative Service',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  417: 'Bad Extension',
  421: 'Extension Required',
  423: 'Interval Too Brief',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  485: 'Ambiguous',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Server Time-Out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
};
const CLASSES = [
  'Unspecified',
  'Provisional',
  'Successful',
  'Redirection',
  'Request Failure',
  'Server Failure',
  'Global Failure',
];

/** Reason phrase of responses made here. */
export const reasonOf = (status: number): string =>
  REASONS[status] ?? CLASSES[Math.min(6, Math.max(0, Math.floor(status / 100)))]!;
