/** The shape of a global parameter, and short ways to write one. */

export interface SettingSpec {
  readonly type: 'int' | 'str';
  readonly default: number | string;
  /** May change while running. */
  readonly live?: boolean;
  /** `group.name` in the cfg framework, where it is not `core.NAME`. */
  readonly liveAs?: string;
  readonly min?: number;
  readonly max?: number;
  /** At load a value out of range is brought into it, as Kamailio does for `tcp_*`. */
  readonly clamp?: boolean;
  /** Words the cfg may write for a number. */
  readonly words?: Readonly<Record<string, number>>;
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
