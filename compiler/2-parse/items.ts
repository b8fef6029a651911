/** Actions of the top-level rules other than route blocks. */
import type { MatchResult, Node as OhmNode, Semantics } from 'ohm-js';
import type { Token } from '../0-lex/token.js';
import type * as ast from '../ast.js';
import * as d2 from '../diagnostics/2xxx-syntax.js';
import type { Span } from '../span.js';
import { type BuildContext, type Built, checkAddress } from './build.js';
import { spanOver } from './tokens.js';

export function buildItem(semantics: Semantics): (match: MatchResult) => Built<ast.Item | null> {
  const tokensOf = (node: OhmNode, c: BuildContext): readonly Token[] =>
    c.tokens.slice(node.source.startIdx, node.source.endIdx);
  const span = (node: OhmNode, c: BuildContext): Span =>
    spanOver(c.tokens[node.source.startIdx]!, c.tokens[node.source.endIdx - 1]!);
  const tokenOf = (node: OhmNode, c: BuildContext): Token => c.tokens[node.source.startIdx]!;
  const context = (node: OhmNode): BuildContext => (node as unknown as { args: { c: BuildContext } }).args.c;
  const text = (node: OhmNode, c: BuildContext): string => String(tokenOf(node, c).value);
  const optional = (node: OhmNode, c: BuildContext): Token | null =>
    node.numChildren > 0 ? tokenOf(node.child(0), c) : null;
  const value = (node: OhmNode, c: BuildContext): Value => {
    const tokens = tokensOf(node, c);
    const first = tokens[0]!;
    if (first.kind === '"') return { kind: 'str', value: String(first.value), span: first };
    if (first.kind === '$') return { kind: 'str', value: first.text, span: first };
    const number = Number(tokens.at(-1)!.value);
    return { kind: 'int', value: first.kind === '-' ? -number : number, span: span(node, c) };
  };

  semantics.addOperation<ast.Item | null>('item(c)', {
    item(inner, _ends) {
      return inner.item(context(this)) as ast.Item | null;
    },
    empty(_) {
      return null;
    },
    load(_word, written) {
      const c = context(this);
      const token = tokenOf(written, c);
      const path = String(token.value);
      const name = path.replace(/^.*\//, '').replace(/\.so$/, '');
      return {
        kind: 'loadmodule',
        written: path,
        name: { text: name, span: token },
        options: null,
        span: span(this, c),
      };
    },
    path(_word, _equals, path) {
      const c = context(this);
      return { kind: 'mpath', path: text(path, c), span: span(this, c) };
    },
    modParam(word, _open, modules, _comma, name, _comma2, given, _close) {
      const c = context(this);
      return {
        kind: 'modparam',
        modules: { text: text(modules, c), span: tokenOf(modules, c) },
        name: { text: text(name, c), span: tokenOf(name, c) },
        value: value(given, c),
        evaluated: tokenOf(word, c).text === 'modparamx',
        span: span(this, c),
      };
    },
    engine(word, _equals, given) {
      const c = context(this);
      const token = tokenOf(word, c);
      return { kind: 'global', name: { text: token.text, span: token }, value: value(given, c), span: span(this, c) };
    },
    flags_numbered(_word, first, _commas, rest) {
      const c = context(this);
      const names = [first, ...rest.children].map((node) => {
        const tokens = tokensOf(node, c);
        return { name: nameOf(tokens[0]!), number: tokens.length > 2 ? Number(tokens[2]!.value) : null };
      });
      return { kind: 'flags', names, span: span(this, c) };
    },
    flags_named(_word, first, _commas, rest) {
      const c = context(this);
      const names = [first, ...rest.children].map((node) => ({ name: nameOf(tokenOf(node, c)), number: null }));
      return { kind: 'avpflags', names, span: span(this, c) };
    },
    listen(_word, _equals, sockets, advertise, name, virtual) {
      const c = context(this);
      const shared = {
        advertise: advertise.numChildren > 0 ? advertised(tokensOf(advertise.child(0), c).slice(1)) : null,
        name: name.numChildren > 0 ? String(tokensOf(name.child(0), c)[1]!.value) : null,
        virtual: virtual.numChildren > 0,
        agname: null,
      };
      const list = sockets.children.flatMap((n) =>
        addressesOf(n, c).map((a) => ({ ...a, ...shared, span: span(n, c) })),
      );
      return { kind: 'listen', sockets: list.map((s) => ({ ...s, proto: knownProto(s.proto) })), span: span(this, c) };
    },
    alias(_word, _equals, sockets) {
      const c = context(this);
      return { kind: 'alias', entries: sockets.children.flatMap((n) => addressesOf(n, c)), span: span(this, c) };
    },
    socket(_word, _equals, _open, parts, _close) {
      const c = context(this);
      return { kind: 'listen', sockets: [socketOf(parts, span(this, c), c)], span: span(this, c) };
    },
    custom(group, _dot, id, _equals, given, _desc, description) {
      const c = context(this);
      const about = optional(description, c);
      return {
        kind: 'custom',
        group: { text: tokenOf(group, c).text, span: tokenOf(group, c) },
        id: { text: tokenOf(id, c).text, span: tokenOf(id, c) },
        value: value(given, c),
        description: about ? String(about.value) : null,
        span: span(this, c),
      };
    },
    kemi(group, _dot, id, _equals, given) {
      const c = context(this);
      const name = spanOver(tokenOf(group, c), tokenOf(id, c));
      return {
        kind: 'global',
        name: { text: `${tokenOf(group, c).text}.${tokenOf(id, c).text}`, span: name },
        value: value(given, c),
        span: span(this, c),
      };
    },
    coreParam(word, _open, name, _close, _equals, given) {
      const c = context(this);
      const inner = nameOf(tokenOf(name, c));
      return {
        kind: 'global',
        name: { text: `${tokenOf(word, c).text}.${inner.text}`, span: inner.span },
        value: value(given, c),
        span: span(this, c),
      };
    },
    param(name, _equals, given) {
      const c = context(this);
      const token = tokenOf(name, c);
      return {
        kind: 'global',
        name: { text: token.text, span: token },
        value: given.value(c) as ast.GlobalValue,
        span: span(this, c),
      };
    },
  });
  semantics.addOperation<ast.GlobalValue>('value(c)', {
    paramValue_plain(inner) {
      return value(inner, context(this));
    },
    paramValue_words(words) {
      const c = context(this);
      const tokens = tokensOf(words, c);
      checkAddress(tokens, c);
      const only = tokens.length === 1 ? tokens[0]! : null;
      if (only?.kind === 'u' && /^[0-9]/.test(only.text)) c.diagnostics.report(d2.badNumber, only, { text: only.text });
      const joined = tokens.map((t) => (t.kind === '"' ? String(t.value) : t.text)).join('');
      return { kind: 'word', value: joined, span: span(words, c) };
    },
  });

  return (match) => {
    const tree = semantics(match);
    return (c) => tree.item(c) as ast.Item | null;
  };

  function socketOf(parts: OhmNode, whole: Span, c: BuildContext): ast.ListenSocket {
    let found: ast.ListenSocket = {
      proto: null,
      host: '',
      port: null,
      advertise: null,
      name: null,
      virtual: false,
      agname: null,
      span: whole,
    };
    for (const part of parts.children) {
      const [name, , ...given] = tokensOf(part, c).filter((t) => t.kind !== ';');
      const first = given[0];
      if (!name || !first) continue;
      switch (name.text.toLowerCase()) {
        case 'bind': {
          const { proto, host, port } = hostPort(given);
          found = { ...found, proto: knownProto(proto), host, port };
          break;
        }
        case 'advertise':
          found = { ...found, advertise: advertised(given) };
          break;
        case 'name':
          found = { ...found, name: String(first.value ?? first.text) };
          break;
        case 'agname':
          found = { ...found, agname: String(first.value ?? first.text) };
          break;
        case 'virtual':
          found = { ...found, virtual: first.value !== 0 };
      }
    }
    return found;
  }

  function addressesOf(node: OhmNode, c: BuildContext): ReturnType<typeof hostPort>[] {
    const tokens = tokensOf(node, c);
    const open = tokens.findIndex((t) => t.kind === '(');
    if (open < 0) {
      const { host } = hostTokens(tokens);
      checkAddress(host, c);
      return [hostPort(tokens)];
    }
    // A list in parentheses shares transport and port.
    const close = tokens.findIndex((t) => t.kind === ')');
    const hosts: Token[][] = [[]];
    for (const token of tokens.slice(open + 1, close)) {
      if (token.kind === ',') hosts.push([]);
      else hosts.at(-1)!.push(token);
    }
    return hosts.map((host) => {
      checkAddress(host, c);
      return hostPort([...tokens.slice(0, open), ...host, ...tokens.slice(close + 1)]);
    });
  }
}

function nameOf(token: Token): ast.Name {
  return { text: String(token.value ?? token.text), span: token };
}

type Value = Extract<ast.GlobalValue, { kind: 'int' | 'str' }>;

/** `proto : host : port`, the outer two optional. An address keeps no brackets here; a host from a string is as it stands. */
function hostTokens(tokens: readonly Token[]): { proto: Token | null; host: Token[]; port: Token | null } {
  const withProto = tokens[1]?.kind === ':' && (tokens[0]!.kind === 'p' || tokens[0]!.kind === '*');
  const rest = withProto ? tokens.slice(2) : [...tokens];
  const colon = rest.findLastIndex((t) => t.kind === ':');
  const host = colon < 0 ? rest : rest.slice(0, colon);
  return { proto: withProto ? tokens[0]! : null, host: [...host], port: colon < 0 ? null : (rest[colon + 1] ?? null) };
}

function hostPort(tokens: readonly Token[]): { proto: string | null; host: string; port: number | null } {
  const { proto, host, port } = hostTokens(tokens);
  return {
    proto: proto?.kind === 'p' ? proto.text.toLowerCase() : null,
    host: host.map((t) => (t.kind === '"' ? String(t.value) : t.kind === '[' || t.kind === ']' ? '' : t.text)).join(''),
    port: port?.kind === '0' ? Number(port.value) : null,
  };
}

function advertised(tokens: readonly Token[]): { host: string; port: number | null } {
  const { host, port } = hostPort(tokens);
  return { host, port };
}

function knownProto(proto: string | null): ast.ListenSocket['proto'] {
  return proto as ast.ListenSocket['proto'];
}
