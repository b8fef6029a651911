/**
 * Matches of the grammar, kept by the kinds of token they were made from: two `modparam` lines, or a block in which only
 * texts changed, are matched once. An editor keeps one for as long as it runs, and an edit costs the block it is in.
 */
import type { MatchResult } from 'ohm-js';
import type { Item, RouteBlock } from '../ast.js';
import { type Built, makeBuilder } from './build.js';
import { grammar } from './grammar.js';

/** Where a match failed, and the terminals that would have fitted. */
export interface Failed {
  readonly at: number;
  readonly expected: ReadonlySet<string>;
}

const builder = makeBuilder(grammar);
/** Tokens in what is kept, at most: some 150 MB. */
const maxKept = 400_000;

export class Matches {
  private readonly items = new Map<string, Built<Item | null>>();
  private readonly blocks = new Map<string, Built<RouteBlock>>();
  private kept = 0;

  item(kinds: string): Built<Item | null> | Failed {
    return this.find(this.items, 'item', kinds, builder.item);
  }
  block(kinds: string): Built<RouteBlock> | Failed {
    return this.find(this.blocks, 'block', kinds, builder.block);
  }

  private find<T>(
    known: Map<string, Built<T>>,
    rule: string,
    kinds: string,
    built: (match: MatchResult) => Built<T>,
  ): Built<T> | Failed {
    const found = known.get(kinds);
    if (found) return found;
    const match = grammar.match(kinds, rule);
    if (match.failed()) return failureOf(match);
    this.kept += kinds.length;
    if (this.kept > maxKept) {
      this.items.clear();
      this.blocks.clear();
      this.kept = kinds.length;
    }
    const tree = built(match);
    known.set(kinds, tree);
    return tree;
  }
}

function failureOf(match: MatchResult): Failed {
  const failed = match as unknown as { getRightmostFailurePosition(): number; getRightmostFailures(): Failure[] };
  return { at: failed.getRightmostFailurePosition(), expected: expectedKinds(failed.getRightmostFailures()) };
}

/** Of ohm, which has it but does not declare it. */
interface Failure {
  getText(): string;
}

function expectedKinds(failures: readonly Failure[]): Set<string> {
  const kinds = new Set<string>();
  for (const failure of failures) {
    const text = failure.getText();
    if (text.length === 1) kinds.add(text);
  }
  return kinds;
}
