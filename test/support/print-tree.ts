/** The tree of a cfg as text, one statement a line, for expected files. */
import type { Config, Expression, GlobalValue, Item, Statement } from '../../compiler/ast.js';
import { assertNever } from '../../compiler/visit.js';

export function printTree(config: Config): string {
  return config.items.map(item).join('\n');
}

const quoted = (text: string): string => JSON.stringify(text);

function item(node: Item): string {
  switch (node.kind) {
    case 'global':
      return `${node.name.text} = ${value(node.value)}`;
    case 'custom': {
      const about = node.description === null ? '' : ` desc ${quoted(node.description)}`;
      return `${node.group.text}.${node.id.text} = ${value(node.value)}${about}`;
    }
    case 'listen':
      return node.sockets
        .map((s) => {
          const words = [`listen ${s.proto ?? 'any'} ${s.host} ${s.port ?? '-'}`];
          if (s.advertise) words.push(`advertise ${s.advertise.host} ${s.advertise.port ?? '-'}`);
          if (s.name !== null) words.push(`name ${quoted(s.name)}`);
          if (s.virtual) words.push('virtual');
          if (s.agname !== null) words.push(`agname ${quoted(s.agname)}`);
          return words.join(' ');
        })
        .join('\n');
    case 'alias':
      return node.entries.map((e) => `alias ${e.proto ?? 'any'} ${e.host} ${e.port ?? '-'}`).join('\n');
    case 'loadmodule':
      return `loadmodule ${node.name.text}`;
    case 'mpath':
      return `mpath ${quoted(node.path)}`;
    case 'modparam':
      return `modparam${node.evaluated ? 'x' : ''} ${node.modules.text} ${node.name.text} ${value(node.value)}`;
    case 'flags':
    case 'avpflags':
      return `${node.kind} ${node.names.map((n) => `${n.name.text}:${n.number ?? '-'}`).join(' ')}`;
    case 'route':
      return [`${node.keyword}${node.name ? `[${node.name.text}]` : ''}`, ...block(node.body, '  ')].join('\n');
    case 'bad':
      return 'BAD';
    default:
      return assertNever(node);
  }
}

function value(node: GlobalValue): string {
  switch (node.kind) {
    case 'int':
      return String(node.value);
    case 'str':
      return quoted(node.value);
    case 'word':
      return node.value;
    case 'list':
      return node.values.map(value).join(' ');
    default:
      return assertNever(node);
  }
}

function block(statements: readonly Statement[], indent: string): string[] {
  return statements.flatMap((s) => statement(s, indent));
}

function statement(node: Statement, indent: string): string[] {
  const deeper = `${indent}  `;
  switch (node.kind) {
    case 'if':
      return [
        `${indent}if ${print(node.condition)}`,
        ...block(node.then, deeper),
        ...(node.else ? [`${indent}else`, ...block(node.else, deeper)] : []),
      ];
    case 'while':
      return [`${indent}while ${print(node.condition)}`, ...block(node.body, deeper)];
    case 'switch':
      return [
        `${indent}switch ${print(node.subject)}`,
        ...node.cases.flatMap(({ label, body }) => {
          const text =
            label.kind === 'value'
              ? `case ${print(label.value)}`
              : label.kind === 'regex'
                ? `case /${label.source}/`
                : 'default';
          return [`${deeper}${text}`, ...block(body, `${deeper}  `)];
        }),
      ];
    case 'assign':
      return [`${indent}${print(node.target)} = ${print(node.value)}`];
    case 'expression':
      return [`${indent}${print(node.expression)}`];
    case 'exit':
    case 'drop':
    case 'return':
      return [`${indent}${node.kind}${node.value ? ` ${print(node.value)}` : ''}`];
    case 'break':
    case 'continue':
    case 'empty':
      return [`${indent}${node.kind}`];
    case 'bad':
      return [`${indent}BAD`];
    default:
      return assertNever(node);
  }
}

export function print(node: Expression): string {
  switch (node.kind) {
    case 'int':
      return String(node.value);
    case 'str':
      return quoted(node.value);
    case 'null':
      return '$null';
    case 'pv':
    case 'select':
    case 'attribute':
      return node.text;
    case 'keyword':
      return `:${node.name}`;
    case 'word':
      return `<${node.text}>`;
    case 'call':
      return `${node.name.text}${node.bare ? '' : `(${node.args.map(print).join(', ')})`}`;
    case 'unary':
      return `(${node.operator} ${print(node.operand)})`;
    case 'binary':
      return `(${print(node.left)} ${node.operator} ${print(node.right)})`;
    case 'block':
      return `{ ${node.body.flatMap((s) => statement(s, '')).join('; ')} }`;
    case 'assignExpression':
      return `(${print(node.assign.target)} := ${print(node.assign.value)})`;
    default:
      return assertNever(node);
  }
}
