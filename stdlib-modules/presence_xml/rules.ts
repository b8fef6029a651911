/** Presence rules (RFC 4745, RFC 5025): which rule is about a watcher, and what it says. */
import {
  attributeOf,
  childNamed,
  childrenOf,
  contentOf,
  type Element,
  firstNamed,
  isElement,
  nameOf,
  parseXml,
} from '../../runtime/sdk/xml.js';

/** As presence has them. */
export const Status = { active: 1, pending: 2, terminated: 3 } as const;
export interface Standing {
  readonly status: 1 | 2 | 3 | 4;
  readonly reason: string;
}
export interface Watcher {
  readonly presUri: string;
  readonly watcherUser: string;
  readonly watcherDomain: string;
  readonly fromDomain: string;
  readonly status: number;
}
export interface RuleContext {
  readonly nowMs: number;
  sphere(presUri: string): Promise<string | null>;
}

/** The first rule whose conditions the watcher meets; null: none. */
export async function ruleFor(
  doc: string,
  watcher: Watcher,
  context: RuleContext,
): Promise<Element | null | undefined> {
  const parsed = parseXml(doc);
  if (parsed === null) return undefined;
  const ruleset = firstNamed(parsed.firstChild, 'ruleset');
  if (ruleset === null) return null;
  for (const rule of childrenOf(ruleset)) {
    if (!isElement(rule)) continue;
    const conditions = childNamed(rule, 'conditions');
    if (conditions === null) return null;
    const validity = childNamed(conditions, 'validity');
    if (validity !== null) {
      const valid = isValidNow(validity, context.nowMs);
      if (valid === null) return null;
      if (!valid) continue;
    }
    const sphere = childNamed(conditions, 'sphere');
    if (sphere !== null) {
      const current = await context.sphere(watcher.presUri);
      if (current !== null && current.toLowerCase() !== contentOf(sphere).toLowerCase()) continue;
    }
    const identity = childNamed(conditions, 'identity');
    if (identity !== null && isMeant(identity, watcher)) return rule;
  }
  return null;
}

/** Within one of its pairs of from and until. Null: a pair has no end. */
function isValidNow(validity: Element, nowMs: number): boolean | null {
  let from: number | null = null;
  let valid = false;
  for (const node of childrenOf(validity)) {
    if (!isElement(node)) continue;
    const time = Date.parse(contentOf(node).trim());
    if (nameOf(node) === 'from' && from === null) from = Number.isNaN(time) ? 0 : time;
    else if (nameOf(node) === 'until' && from !== null) {
      if (nowMs >= from && nowMs <= (Number.isNaN(time) ? 0 : time)) valid = true;
      from = null;
    }
  }
  return from !== null && nowMs >= from ? null : valid;
}

/** RFC 4745 §7.1: one of these, or anybody but some. */
function isMeant(identity: Element, { watcherUser, watcherDomain, fromDomain }: Watcher): boolean {
  const uri = watcherUser === '' ? `sip:${watcherDomain}` : `sip:${watcherUser}@${watcherDomain}`;
  for (const node of childrenOf(identity))
    if (isElement(node) && nameOf(node) === 'one' && attributeOf(node, 'id') === uri) return true;
  for (const node of childrenOf(identity)) {
    if (!isElement(node) || nameOf(node) !== 'many') continue;
    const domain = attributeOf(node, 'domain');
    if (domain !== null && domain !== fromDomain) continue;
    if (!isExcepted(node, uri, fromDomain)) return true;
  }
  return false;
}
function isExcepted(many: Element, uri: string, domain: string): boolean {
  for (const node of childrenOf(many)) {
    if (!isElement(node) || nameOf(node) !== 'except') continue;
    const id = attributeOf(node, 'id');
    if (id === null ? attributeOf(node, 'domain') === domain : id === uri) return true;
  }
  return false;
}

/** `deleted`: reason for a watcher who was let in and is in no rule any more. Null: the document makes no sense. */
export async function standingBy(
  doc: string,
  watcher: Watcher,
  context: RuleContext,
  deleted: string,
): Promise<Standing | null> {
  const rule = await ruleFor(doc, watcher, context);
  if (rule === undefined) return null;
  if (rule === null)
    return watcher.status === Status.pending
      ? { status: Status.pending, reason: '' }
      : { status: Status.terminated, reason: deleted };
  const actions = childNamed(rule, 'actions');
  const handling = actions && childNamed(actions, 'sub-handling');
  if (handling === null) return { status: Status.pending, reason: '' };
  const said = contentOf(handling);
  if (said.startsWith('block')) return { status: Status.terminated, reason: 'rejected' };
  if (said.startsWith('confirm')) return { status: Status.pending, reason: '' };
  if (said.startsWith('polite-block')) return { status: Status.active, reason: 'polite-block' };
  if (said.startsWith('allow')) return { status: Status.active, reason: '' };
  return null;
}
