/** The shape of a global parameter, and short ways to write one. */

export interface SettingSpec {
  readonly type: 'int' | 'str';
  readonly default: number | string;
  /** May change while running. */
  readonly live?: boolean;
  /** `group.name` in the cfg framework, where it is not `core.NAME`. */
  readonly liveAs?: string;
  /** At load a number out of range is brought into it; while running it is refused. */
  readonly min?: number;
  readonly max?: number;
  /** What is out of range, empty (`min` 1 of a text) or none of `values` is refused at load too, as Kamailio does for a few. */
  readonly refuses?: boolean;
  readonly values?: readonly string[];
  /** Words the cfg may write for a number. */
  readonly words?: Readonly<Record<string, number>>;
  /** Accepted: what it sets in Kamailio does not exist here, and nothing is lost. */
  readonly noEffect?: boolean;
  readonly doc: string;
}
type More = Omit<Partial<SettingSpec>, 'type' | 'default' | 'doc'>;

export const int = (value: number, doc: string, more: More = {}) => ({
  type: 'int' as const,
  doc,
  ...more,
  default: value,
});
export const str = (value: string, doc: string, more: More = {}) => ({
  type: 'str' as const,
  doc,
  ...more,
  default: value,
});

/** A number that Kamailio needs and this runtime does not. */
export const idleInt = (value: number, doc: string, more: More = {}) => int(value, doc, { ...more, noEffect: true });
/** A text that Kamailio needs and this runtime does not. */
export const idleStr = (value: string, doc: string, more: More = {}) => str(value, doc, { ...more, noEffect: true });
