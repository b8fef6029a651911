/** Records of the location where the database has them: read for the work, written behind it (usrloc's `db_mode` 1 and 3). */
import { type Maybe, type RouteContext, type Steps, steps, wait } from '../../runtime/sdk/index.js';
import { extractAor } from './aor.js';
import { isError } from './errors.js';
import type { Domain } from './location.js';
import { aorRules, type Lookups } from './lookup.js';

/** The work's result; `lost` when the records could not be read or what it changed could not be written. */
export function onRecords<T>(
  env: Lookups,
  ctx: RouteContext,
  domain: Domain,
  uris: readonly string[],
  work: () => T,
  lost: T,
): Maybe<T> {
  if (!env.usrloc.waits) return work();
  const found = uris.map((uri) => extractAor(uri, ctx.grammar, aorRules(env)));
  const aors = [...new Set(found.flatMap((one) => (isError(one) ? [] : [one.aor])))].sort();
  return steps(held(env, ctx, domain, aors, work, lost));
}
/**
 * As `onRecords` for one record, which the work changes: with `db_mode` 1 too its changes are written first. `unwritten`: what
 * becomes of the result when they could not be.
 */
export function onRecord<T>(
  env: Lookups,
  ctx: RouteContext,
  domain: Domain,
  uri: string,
  work: () => T,
  lost: T,
  unwritten: (result: T) => T = () => lost,
): Maybe<T> {
  if (!env.usrloc.waits) return work();
  const found = extractAor(uri, ctx.grammar, aorRules(env));
  return isError(found) ? work() : steps(changed(env, ctx, domain, found.aor, work, lost, unwritten));
}

function* changed<T>(
  env: Lookups,
  ctx: RouteContext,
  domain: Domain,
  aor: string,
  work: () => T,
  lost: T,
  unwritten: (result: T) => T,
): Steps<T> {
  const result = yield* held(env, ctx, domain, [aor], work, lost, unwritten);
  const writing = env.usrloc.written(domain.name, aor);
  const whole = writing === null || (yield* wait(writing));
  return whole ? result : unwritten(result);
}
/** In one order for all, so that two never wait for each other. */
function* held<T>(
  env: Lookups,
  ctx: RouteContext,
  domain: Domain,
  aors: readonly string[],
  work: () => T,
  lost: T,
  unwritten: (result: T) => T = () => lost,
): Steps<T> {
  const [aor, ...others] = aors;
  const holding = aor === undefined ? null : env.usrloc.hold(domain.name, aor);
  if (holding === null) return work();
  const record = yield* wait(
    holding.catch((error: unknown) => {
      ctx.log(-1, `${aor} cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'registrar');
      return null;
    }),
  );
  if (record === null) return lost;
  let whole = false;
  let result = lost;
  try {
    result = yield* held(env, ctx, domain, others, work, lost);
  } finally {
    whole = yield* wait(record.release());
  }
  return whole ? result : unwritten(result);
}
