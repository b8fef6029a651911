/** All selects of core. */
import type { SelectTable } from '../../../runtime/sdk/index.js';
import { headerSelects } from './headers.js';
import { messageSelects } from './message.js';
import { serverSelects } from './server.js';

export const coreSelects: SelectTable = { ...messageSelects, ...headerSelects, ...serverSelects };
