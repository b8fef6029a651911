/** The folder's public face. */
export * from './chars.js';
export * from './credentials.js';
export * from './draft.js';
export * from './edit.js';
export * from './headers.js';
export * from './message.js';
export * from './methods.js';
export * from './multipart.js';
export * from './name-addr.js';
export * from './own-address.js';
export * from './params.js';
export * from './rewrite.js';
export * from './serialize.js';
export * from './start-line.js';
export * from './tags.js';
export * from './uri.js';
export * from './via.js';
