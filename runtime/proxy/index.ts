/** The folder's public face. */

export { buildBranch, parseBranch } from '../transaction/branch-id.js';
export * from '../transaction/settings.js';
export * from '../transaction/steps.js';
export { ToTags } from '../transaction/to-tag.js';
export * from '../transaction/transaction.js';
export * from '../transaction/types.js';
export * from './core.js';
export * from './errors.js';
export type { RelayTo } from './forward.js';
export type { LocalOutcome, LocalRequest, LocalSent } from './local-transactions.js';
export type { LocalReply } from './replies.js';
export { redirectContacts } from './replies.js';
export { Transactions } from './transactions.js';
