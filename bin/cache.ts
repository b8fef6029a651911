/**
 * Builds kept for `sipc run`. An index entry per cfg, defines and version says what was read; when all of that is
 * unchanged, its build is used as it lies. Entries that were not used for long are removed.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { env } from 'node:process';
import type { Emitted } from '../compiler/5-emit/index.js';
import { packageRoot, readSource } from './node-host.js';
import { hash, type Read, unchanged } from './sources.js';

/** Builds and index entries kept, each. */
const maxEntries = 64;

export interface CachedBuild {
  /** Folder with program.js and its map. */
  readonly program: string;
  readonly server: string;
}
interface IndexEntry extends CachedBuild {
  readonly read: Read;
}

export class BuildCache {
  private readonly folder: string;
  private readonly entry: string;
  private readonly stamp: string;

  constructor(path: string, defines: Readonly<Record<string, string>>, allowMissing: boolean, version: string) {
    this.folder = env.SIPC_CACHE ?? join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sipc');
    this.stamp = `${version} ${sourcesStamp()}`;
    const key = JSON.stringify([resolve(path), process.cwd(), defines, allowMissing, this.stamp, process.version]);
    this.entry = join(this.folder, 'index', `${hash(key)}.json`);
  }

  /** The build for what the cfg is now; null when there is none. */
  find(readEnv: (name: string) => string | undefined): CachedBuild | null {
    try {
      const found = JSON.parse(readFileSync(this.entry, 'utf8')) as IndexEntry;
      if (!existsSync(join(found.program, 'program.js')) || !existsSync(found.server)) return null;
      if (!unchanged(found.read, readSource, readEnv)) return null;
      const now = new Date();
      for (const used of [this.entry, found.program]) utimesSync(used, now, now);
      return found;
    } catch {
      return null;
    }
  }

  /** Where the server of these modules is, built when it is not there. */
  async server(modules: readonly string[], build: () => Promise<{ text: string; map: string }>): Promise<string> {
    const folder = join(this.folder, 'servers', hash(JSON.stringify([modules, this.stamp])));
    if (!existsSync(join(folder, 'server.mjs'))) {
      const { text, map } = await build();
      this.place(folder, { 'server.mjs': text, 'server.mjs.map': map });
    }
    const now = new Date();
    utimesSync(folder, now, now);
    return join(folder, 'server.mjs');
  }

  program(emitted: Emitted, script: { text: string; map: string }): string {
    const folder = join(this.folder, 'programs', hash(script.text));
    if (!existsSync(join(folder, 'program.js')))
      this.place(folder, { 'program.ts': emitted.ts, 'program.js': script.text, 'program.js.map': script.map });
    return folder;
  }

  keep(build: CachedBuild, read: Read): void {
    mkdirSync(join(this.folder, 'index'), { recursive: true });
    const text = JSON.stringify({ ...build, read } satisfies IndexEntry);
    const temporary = `${this.entry}.${process.pid}`;
    writeFileSync(temporary, text);
    renameSync(temporary, this.entry);
    for (const kind of ['index', 'programs', 'servers']) this.prune(join(this.folder, kind));
  }

  /** All files or none: another process may be looking. */
  private place(folder: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(join(folder, '..'), { recursive: true });
    const temporary = mkdtempSync(`${folder}.`);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(temporary, name), text);
    const packages = join(packageRoot(), 'node_modules');
    if (existsSync(packages)) symlinkSync(packages, join(temporary, 'node_modules'));
    try {
      renameSync(temporary, folder);
    } catch {
      // Somebody else was faster.
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  private prune(folder: string): void {
    if (!existsSync(folder)) return;
    const entries = readdirSync(folder).map((name) => join(folder, name));
    if (entries.length <= maxEntries) return;
    // Another process may prune too: what is gone by now is oldest of all.
    const aged = entries
      .map((path) => ({ path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
      .sort((a, b) => b.at - a.at);
    for (const { path } of aged.slice(maxEntries)) rmSync(path, { recursive: true, force: true });
  }
}

/** Changes whenever a source of the runtime or a module does: working on sipc, a cached server would be an old one. */
function sourcesStamp(): string {
  let newest = 0;
  let count = 0;
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts')) {
        newest = Math.max(newest, statSync(path).mtimeMs);
        count++;
      }
    }
  };
  for (const folder of ['runtime', 'stdlib-modules', 'compiler']) {
    const path = join(packageRoot(), folder);
    if (existsSync(path)) visit(path);
  }
  return `${count} ${newest}`;
}
