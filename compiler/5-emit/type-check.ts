/** The emitted program, checked by TypeScript (through ts-morph) against the declarations and the runtime. For builds and tests. */
import type { ModuleDeclaration } from '../declarations.js';
import { emittedTypeError } from '../diagnostics/7xxx-emit.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { Span } from '../span.js';
import type { Emitted } from './index.js';
import { modulesTypes, pvsTypes } from './link-types.js';
import type { Mark } from './writer.js';

/** "These types have no overlap", "always truthy": what a cfg with a constant condition says, and may say. */
const constantTests = new Set([2367, 2678, 2869, 2870, 2871, 2872, 2873]);

export interface TypeProblem {
  readonly problem: string;
  /** Line of the program, from 1. */
  readonly line: number;
}

/** `root` is the folder with `runtime/`; `fallback` is where a problem is shown that belongs to no statement. */
export async function typeCheck(
  emitted: Emitted,
  modules: readonly ModuleDeclaration[],
  root: string,
  fallback: Span,
  diagnostics: Diagnostics,
): Promise<void> {
  const [problems = []] = await typeProblems([emitted.text], modules, root);
  for (const { problem, line } of problems)
    diagnostics.report(emittedTypeError, spanAt(emitted.marks, line - 1) ?? fallback, { problem, line });
}

/** What TypeScript says about each program. */
export async function typeProblems(
  programs: readonly string[],
  modules: readonly ModuleDeclaration[],
  root: string,
): Promise<TypeProblem[][]> {
  const { ModuleKind, ModuleResolutionKind, Project, ScriptTarget } = await import('ts-morph');
  const folder = `${root}/.sipc-check`;
  const project = new Project({
    compilerOptions: {
      target: ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      module: ModuleKind.NodeNext,
      moduleResolution: ModuleResolutionKind.NodeNext,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      // What reaches a program is ours alone; Node's types may not be installed where a cfg is built.
      types: [],
      paths: {
        'sipc/program': [`${root}/runtime/route/program.ts`],
        'sipc/modules': [`${folder}/modules.d.mts`],
        'sipc/pvs': [`${folder}/pvs.d.mts`],
      },
    },
    skipAddingFilesFromTsConfig: true,
  });
  // Never written: ts-morph keeps them in memory beside the real files.
  project.createSourceFile(`${folder}/modules.d.mts`, modulesTypes(modules));
  project.createSourceFile(`${folder}/pvs.d.mts`, pvsTypes(modules));
  const files = programs.map((text, i) => project.createSourceFile(`${folder}/program${i}.mts`, text));
  return files.map((file) =>
    file
      .getPreEmitDiagnostics()
      .filter((d) => !constantTests.has(d.getCode()))
      .map((d) => {
        const message = d.getMessageText();
        const problem = typeof message === 'string' ? message : message.getMessageText();
        return { problem, line: d.getLineNumber() ?? 1 };
      }),
  );
}

/** The cfg statement a line of the program came from. */
function spanAt(marks: readonly Mark[], line: number): Span | undefined {
  return marks.findLast((m) => m.line <= line)?.span;
}
