/** The database layer: see README.md. */
export { Database, type DbQuery, Transaction as DbTransaction } from './database.js';
export { Databases } from './databases.js';
export * from './schema/ddl.js';
export { type TableGroup, type TableSpec, tableGroups } from './schema/tables.js';
export * from './sql.js';
export * from './text.js';
export * from './types.js';
export * from './url.js';
