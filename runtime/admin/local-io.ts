/**
 * Sockets and pipes for administration: unix stream and datagram sockets, TCP and UDP on addresses the cfg names, and
 * named pipes. Nothing here listens unless a module asks for it. Bytes are one-byte strings.
 */
import { execFileSync } from 'node:child_process';
import * as dgram from 'node:dgram';
import * as fs from 'node:fs';
import * as net from 'node:net';
import { dirname } from 'node:path';
import { StartError } from '../errors.js';
import { openUnixDatagram } from './unix-datagram.js';

export { sendUnixDatagram } from './unix-datagram.js';

export interface LocalPermissions {
  /** File mode; 0 leaves what the umask gave. */
  readonly mode: number;
  /** User and group, names or numbers; '' leaves them. */
  readonly user: string;
  readonly group: string;
}

/** One client of a stream socket. */
export interface LocalStream {
  readonly peer: string;
  onData: (bytes: string) => void;
  onClose: () => void;
  /** The client sends no more; by default our side ends too. */
  onEnd: () => void;
  write(bytes: string): void;
  /** Sends what is queued, then closes. */
  end(): void;
}
export interface LocalListener {
  close(): void;
}
/** Answers one datagram. */
export type AnswerDatagram = (bytes: string) => void;

/** Most a pipe writer may send before a request ends, and most clients at a time. */
const MAX_CLIENTS = 128;

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** One plain line that says what to do. */
export function localError(who: string, what: string, error: unknown): StartError {
  const code = codeOf(error);
  const why = error instanceof Error ? error.message : String(error);
  const line = (text: string) => new StartError('SIPC8040', `${who}: cannot create ${what}: ${text}`);
  switch (code) {
    case 'ENOENT':
      return line('its folder does not exist; create it, or name another one (rundir, -Y)');
    case 'EACCES':
    case 'EPERM':
      return line('this user may not write there; change the owner of the folder, or name another one (rundir, -Y)');
    case 'EADDRINUSE':
      return line('the address is in use; stop the other server or name another one');
    case 'EADDRNOTAVAIL':
      return line('this machine does not have that address');
    default:
      return line(why);
  }
}

/** Number of a user or group name; -1 when '' was given. */
function idOf(name: string, kind: 'user' | 'group'): number {
  if (name === '') return -1;
  if (/^[0-9]+$/.test(name)) return Number(name);
  const file = kind === 'user' ? '/etc/passwd' : '/etc/group';
  for (const row of fs.readFileSync(file, 'utf8').split('\n')) {
    const [entry, , id] = row.split(':');
    if (entry === name) return Number(id);
  }
  throw new Error(`there is no ${kind} named ${name}`);
}
function permit(path: string, p: LocalPermissions): void {
  if (p.mode !== 0) fs.chmodSync(path, p.mode & 0o7777);
  const uid = idOf(p.user, 'user');
  const gid = idOf(p.group, 'group');
  if (uid !== -1 || gid !== -1) {
    const { uid: owner, gid: group } = fs.statSync(path);
    fs.chownSync(path, uid === -1 ? owner : uid, gid === -1 ? group : gid);
  }
}
/** Takes a left-over socket or pipe away; refuses to delete anything else. */
function unlinkOld(path: string): void {
  let kind: fs.Stats;
  try {
    kind = fs.lstatSync(path);
  } catch {
    return;
  }
  if (!kind.isSocket() && !kind.isFIFO())
    throw new Error('there is a file of that name which is neither socket nor pipe');
  fs.unlinkSync(path);
}

/** Makes the run directory when it is not there: one level, for its owner only, as Kamailio does at its start. */
export function makeRunDirectory(path: string): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function serve(clients: Set<net.Socket>, onClient: (client: LocalStream) => void) {
  return (socket: net.Socket) => {
    if (clients.size >= MAX_CLIENTS) {
      socket.destroy();
      return;
    }
    clients.add(socket);
    const client: LocalStream = {
      peer: socket.remoteAddress ? `${socket.remoteAddress}:${socket.remotePort}` : '<anonymous unix socket>',
      onData: () => undefined,
      onClose: () => undefined,
      onEnd: () => socket.end(),
      write: (bytes) => void socket.write(bytes, 'latin1'),
      end: () => socket.end(),
    };
    socket.setEncoding('latin1');
    socket.on('data', (bytes) => client.onData(String(bytes)));
    socket.on('end', () => client.onEnd());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clients.delete(socket);
      client.onClose();
    });
    onClient(client);
  };
}
function closer(server: net.Server, clients: Set<net.Socket>, after: () => void): LocalListener {
  return {
    close() {
      server.close();
      for (const socket of clients) socket.destroy();
      after();
    },
  };
}
const listening = (server: net.Server, options: net.ListenOptions) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });

export async function listenUnixStream(
  path: string,
  permissions: LocalPermissions,
  onClient: (client: LocalStream) => void,
): Promise<LocalListener> {
  unlinkOld(path);
  const clients = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, serve(clients, onClient));
  // Nobody else may connect before the mode is set.
  const umask = process.umask(0o177);
  try {
    await listening(server, { path });
  } finally {
    process.umask(umask);
  }
  permit(path, permissions);
  return closer(server, clients, () => fs.rmSync(path, { force: true }));
}

export async function listenTcpLocal(
  host: string,
  port: number,
  onClient: (client: LocalStream) => void,
): Promise<LocalListener> {
  const clients = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, serve(clients, onClient));
  await listening(server, { host, port });
  return closer(server, clients, () => undefined);
}

export async function listenUdpLocal(
  host: string,
  port: number,
  onMessage: (bytes: string, answer: AnswerDatagram) => void,
): Promise<LocalListener> {
  const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (data, from) =>
    onMessage(data.toString('latin1'), (bytes) => socket.send(Buffer.from(bytes, 'latin1'), from.port, from.address)),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve();
    });
  });
  return { close: () => socket.close() };
}

export function listenUnixDatagram(
  path: string,
  permissions: LocalPermissions,
  onMessage: (bytes: string, answer: AnswerDatagram) => void,
): LocalListener {
  unlinkOld(path);
  const socket = openUnixDatagram(path, (bytes, from) => onMessage(bytes, (reply) => void socket.send(reply, from)));
  permit(path, permissions);
  return {
    close() {
      socket.close();
      fs.rmSync(path, { force: true });
    },
  };
}

/** Reads what is written into a named pipe, which is created. Kept open for writing too: no end of file between writers. */
export function openFifo(path: string, permissions: LocalPermissions, onData: (bytes: string) => void): LocalListener {
  unlinkOld(path);
  fs.accessSync(dirname(path), fs.constants.W_OK);
  execFileSync('mkfifo', ['-m', '600', path]);
  permit(path, permissions);
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
  const pipe = new net.Socket({ fd, readable: true, writable: false });
  pipe.setEncoding('latin1');
  pipe.on('data', (bytes) => onData(String(bytes)));
  pipe.on('error', () => pipe.destroy());
  return {
    close() {
      pipe.destroy();
      fs.rmSync(path, { force: true });
    },
  };
}

/** Writes into a named pipe without waiting: '' when the reader has all of it, else the system's code. */
export function writeFifo(path: string, bytes: string): string {
  let fd = -1;
  try {
    fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
    if (!fs.fstatSync(fd).isFIFO()) return 'not a fifo';
    const data = Buffer.from(bytes, 'latin1');
    return fs.writeSync(fd, data) === data.length ? '' : 'the pipe is full';
  } catch (error) {
    return codeOf(error) || 'EIO';
  } finally {
    if (fd >= 0) fs.closeSync(fd);
  }
}

/** Longest wait for a reader of a reply pipe: rounds, and the time between them. */
const REPLY_ROUNDS = 4;
const REPLY_WAIT_MS = 80;

/**
 * Writes an answer into a client's pipe. It must be a pipe, not linked twice and not a symbolic link. Resolves to what
 * went wrong, or null.
 */
export async function writeReplyFifo(
  path: string,
  bytes: string,
  sleep: (ms: number) => Promise<void>,
): Promise<string | null> {
  for (let round = 0; ; round++) {
    let fd: number;
    try {
      fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW);
    } catch (error) {
      if (codeOf(error) !== 'ENXIO') return `open error (${path}): ${codeOf(error)}`;
      if (round === REPLY_ROUNDS) return `no client at ${path}`;
      await sleep(REPLY_WAIT_MS);
      continue;
    }
    const kind = fs.fstatSync(fd);
    if (!kind.isFIFO() || kind.nlink > 1) {
      fs.closeSync(fd);
      return `security: ${path} is not a fifo of its own`;
    }
    return writeAll(fd, bytes);
  }
}
function writeAll(fd: number, bytes: string): Promise<string | null> {
  const pipe = new net.Socket({ fd, readable: false, writable: true });
  return new Promise((resolve) => {
    pipe.once('error', (error) => resolve(error.message));
    pipe.once('close', () => resolve(null));
    pipe.end(bytes, 'latin1');
  });
}

/** Longest answer taken from a unix stream socket. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** One question, one answer, one connection; null when there is no answer in time. The answer is what comes first. */
export function exchangeUnixStream(path: string, question: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    const end = (answer: string | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('latin1');
    socket.setTimeout(timeoutMs, () => end(null));
    socket.once('connect', () => socket.write(question, 'latin1'));
    socket.once('data', (bytes) => end(String(bytes).slice(0, MAX_ANSWER_BYTES)));
    socket.once('error', () => end(null));
    socket.once('end', () => end(null));
  });
}
