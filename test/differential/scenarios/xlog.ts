/** xlog: place of a line, prefix with pseudo-variables, levels from pseudo-variables, methods filter. */
import { group, probe } from '../scenario.js';

export default group('xlog', 'xlog.cfg', [
  probe('placed', 'xlogl() and xdbgl() show the line of the cfg'),
  probe('levels', 'levels as words, numbers and pseudo-variables'),
  probe('methods', 'xlogm() and its filter'),
]);
