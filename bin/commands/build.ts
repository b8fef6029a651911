/** `sipc build`: a folder that runs with nothing but Node. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { typeCheck } from '../../compiler/5-emit/type-check.js';
import { bundle, copied } from '../../compiler/6-bundle/index.js';
import { Diagnostics } from '../../compiler/diagnostics/define.js';
import { isLint } from '../../compiler/diagnostics/severity.js';
import { compile } from '../../compiler/index.js';
import { type CommandSpec, parseDefines, toBytes } from '../command.js';
import { createNodeHost, packageRoot } from '../node-host.js';
import { version } from '../version.js';
import { printDiagnostics } from './check.js';

export const command: CommandSpec = {
  summary: 'Compiles a cfg to a folder that runs with nothing but Node: node FOLDER/server.mjs.',
  arguments: [{ name: '<file>', doc: 'the cfg; what it includes is read too' }],
  options: [
    { flags: '-o, --out <folder>', doc: 'where to write', default: 'out' },
    { flags: '-A, --define <name[=value]>', doc: 'define a name, as #!define does (repeatable)', repeat: true },
    { flags: '--allow-missing', doc: 'what Kamailio has and sipc lacks logs once and gives -1' },
  ],
  details: [
    'Writes program.ts (the routes, to read), program.js (the same, to run) and server.mjs (the runtime and the modules',
    'the cfg loads). server.mjs takes the flags of kamailio: node out/server.mjs -l udp:127.0.0.1:5060',
    '',
    'Example:',
    '  sipc build kamailio.cfg -o out && node out/server.mjs',
    '',
    'Exit code: 0 written, 1 mistakes in the cfg, 2 wrong use.',
  ].join('\n'),
  async run([file = ''], options, io) {
    const given = parseDefines((options.define as string[] | undefined) ?? []);
    if ('error' in given) {
      io.err(`sipc build: ${given.error}\n`);
      return 2;
    }
    const host = await createNodeHost();
    const path = toBytes(file);
    const compiled = compile(host, path, {
      defines: given.defines,
      allowMissing: options.allowMissing === true,
      version: version(),
    });
    printDiagnostics(
      compiled.diagnostics.filter((d) => !isLint(d)),
      io,
      io.err,
    );
    const lint = compiled.diagnostics.filter(isLint).length;
    if (lint > 0) io.err(`${lint} lint finding${lint > 1 ? 's' : ''}: sipc check ${file}\n`);
    const { program } = compiled;
    if (!program) return 1;
    const found = new Diagnostics();
    const root = packageRoot();
    const modules = compiled.bound.modules.flatMap((m) => (m.declaration ? [m.declaration] : []));
    const top = compiled.config.items[0]?.span ?? { file: { path, text: '' }, start: 0, end: 0 };
    await typeCheck(program, modules, root, top, found);
    printDiagnostics(found.all, io, io.err);
    if (found.hasErrors) return 1;
    const out = String(options.out);
    const { program: script, server } = await bundle(program, root, version());
    try {
      makeFolder(resolve(out));
      writeFileSync(join(out, 'program.ts'), program.ts);
      writeFileSync(join(out, 'program.js'), script.text);
      writeFileSync(join(out, 'program.js.map'), script.map);
      writeFileSync(join(out, 'server.mjs'), server.text);
      writeFileSync(join(out, 'server.mjs.map'), server.map);
      for (const name of copied)
        if (server.text.includes(`'${name}'`) || server.text.includes(`"${name}"`)) copyPackage(root, out, name);
    } catch (error) {
      const { code, path: where } = error as NodeJS.ErrnoException;
      io.err(`sipc build: cannot write ${where ?? out}: ${code ?? String(error)}\n`);
      return 1;
    }
    io.out(`${join(out, 'server.mjs')} is ready: node ${join(out, 'server.mjs')}\n`);
    return 0;
  },
};

/** With the folders above it, one by one: where none can be made (/proc), Node's own recursive form never returns. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/** A package that cannot be part of the bundle, with its binary for this platform where it has one of its own. */
function copyPackage(root: string, out: string, packageName: string): void {
  const binary = packageName === 'koffi' ? [`@koromix/koffi-${process.platform}-${process.arch}`] : [];
  for (const name of [packageName, ...binary]) {
    const from = join(root, 'node_modules', name);
    if (existsSync(from)) cpSync(from, join(out, 'node_modules', name), { recursive: true, dereference: true });
  }
}
