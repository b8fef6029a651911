/** All tables of probes. */
import type { ProbeTable } from '../probe.js';
import { argumentTable } from './arguments.js';
import { assignments } from './assignments.js';
import { keywordTable } from './keywords.js';
import { literals } from './literals.js';
import { macros } from './macros.js';
import { operatorTables } from './operators.js';
import { precedence } from './precedence.js';
import { programs } from './programs.js';
import { selectTable } from './selects.js';
import { unaryTable } from './unary.js';

export const tables: readonly ProbeTable[] = [
  ...operatorTables,
  unaryTable,
  precedence,
  programs,
  literals,
  keywordTable,
  assignments,
  selectTable,
  argumentTable,
  macros,
];
