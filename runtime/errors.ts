/** Errors the operator sees: why the server did not start. One plain line each, saying what to do; no stack trace. */

/** Stops the start; the message is all that is printed. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly exitCode: number;
  constructor(
    readonly code: string,
    message: string,
    exitCode = 1,
  ) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** `int / 0`: the statement is given up, the script goes on. */
export class ArithmeticFailure extends Error {
  override readonly name = 'ArithmeticFailure';
}

const hasCode = (error: unknown): error is { code: string } =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';

/** What to tell when `socket` (such as `udp:127.0.0.1:5060`) could not be opened. */
export function listenError(socket: string, error: unknown): StartError {
  const code = hasCode(error) ? error.code : '';
  if (code === 'EINVAL' && /:fe[89ab].:/i.test(socket))
    return new StartError(
      'SIPC8002',
      `cannot listen on ${socket}: a link-local address needs its interface; write bind_ipv6_link_local=1`,
    );
  switch (code) {
    case 'EADDRINUSE':
      return new StartError(
        'SIPC8001',
        `cannot listen on ${socket}: the port is in use; stop the other server or pick another port with -l`,
      );
    case 'EADDRNOTAVAIL':
      return new StartError(
        'SIPC8002',
        `cannot listen on ${socket}: this machine does not have that address; list its addresses with \`ip addr\` and use one of them`,
      );
    case 'EACCES':
    case 'EPERM':
      return new StartError(
        'SIPC8003',
        `cannot listen on ${socket}: ports below 1024 need privileges; use a higher port, or run: setcap cap_net_bind_service=+ep on the node binary`,
      );
    case 'EAFNOSUPPORT':
      return new StartError(
        'SIPC8004',
        `cannot listen on ${socket}: this machine has no such address family (IPv6 switched off?); take the socket out`,
      );
    default:
      return new StartError(
        'SIPC8005',
        `cannot listen on ${socket}: ${error instanceof Error ? error.message : String(error)}`,
      );
  }
}
