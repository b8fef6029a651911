/**
 * Profiles: named sets of dialogs, some with a value a dialog, counted for limits (dlg_profile.c). Members another server
 * told of (dlg_remote_profile()) have no dialog here, and an end of their own.
 */
import type { Dialog } from './dialog.js';

export interface ProfileLink {
  readonly profile: Profile;
  /** '' in profiles without value. */
  readonly value: string;
  /** Unique among all servers. */
  readonly uid: string;
  /** Null: another server's. */
  dialog: Dialog | null;
  /** Unix seconds; 0: none. For those of another server. */
  readonly expires: number;
}

/** Members one profile may have that are not dialogs of this server. */
const MAX_REMOTE = 100_000;

export class Profile {
  private readonly all = new Set<ProfileLink>();
  private readonly byValue = new Map<string, Set<ProfileLink>>();
  /** Members of other servers, by value and uid. */
  private readonly remote = new Map<string, ProfileLink>();

  constructor(
    readonly name: string,
    readonly hasValue: boolean,
  ) {}

  private link(link: ProfileLink): void {
    this.all.add(link);
    if (!this.hasValue) return;
    const same = this.byValue.get(link.value);
    if (same === undefined) this.byValue.set(link.value, new Set([link]));
    else same.add(link);
  }
  /** The dialog's newest membership is the first in its list. */
  add(dialog: Dialog, link: ProfileLink): void {
    link.dialog = dialog;
    dialog.profiles.unshift(link);
    this.link(link);
  }
  remove(link: ProfileLink): void {
    this.all.delete(link);
    const same = this.byValue.get(link.value);
    if (same?.delete(link) && same.size === 0) this.byValue.delete(link.value);
  }
  /** Of a value, or of all: also where the profile has no values. */
  members(value: string | null): Iterable<ProfileLink> {
    return value === null || !this.hasValue ? this.all : (this.byValue.get(value) ?? []);
  }
  size(value: string | null): number {
    return value === null || !this.hasValue ? this.all.size : (this.byValue.get(value)?.size ?? 0);
  }

  addRemote(value: string, uid: string, expires: number): boolean {
    if (this.remote.size >= MAX_REMOTE) return false;
    const link: ProfileLink = { profile: this, value, uid, dialog: null, expires };
    this.dropRemote(value, uid);
    this.remote.set(`${uid} ${value}`, link);
    this.link(link);
    return true;
  }
  dropRemote(value: string, uid: string): boolean {
    const key = `${uid} ${value}`;
    const link = this.remote.get(key);
    if (link === undefined) return false;
    this.remote.delete(key);
    this.remove(link);
    return true;
  }
  dropExpired(nowSec: number): void {
    for (const link of this.remote.values())
      if (link.expires > 0 && link.expires < nowSec) this.dropRemote(link.value, link.uid);
  }
}

/** `a;b;c`. A text says what is wrong with it. */
export function parseProfiles(text: string, hasValue: boolean, into: Map<string, Profile>): string | null {
  for (const part of text.split(';')) {
    const name = part.trim();
    if (name === '') continue;
    if (!/^\w+$/.test(name)) return `profile name ${name} may have letters, digits and _ only`;
    if (into.has(name)) return `profile ${name} is named twice`;
    into.set(name, new Profile(name, hasValue));
  }
  return null;
}

/** Profiles of a dialog as they are kept in the database (`xdata`); null when it has none. */
export function profilesText(links: readonly ProfileLink[]): string | null {
  if (links.length === 0) return null;
  const profiles = links.map(({ profile, value, uid, expires }) => ({
    name: profile.name,
    ...(profile.hasValue ? { value } : {}),
    puid: uid,
    ...(expires === 0 ? {} : { expires }),
  }));
  return JSON.stringify({ profiles });
}
export function parseProfilesText(text: string): { name: string; value: string | null; puid: string }[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  const list = (parsed as { profiles?: unknown } | null)?.profiles;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const { name, value, puid } = (item ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string') return [];
    return [{ name, value: typeof value === 'string' ? value : null, puid: typeof puid === 'string' ? puid : '' }];
  });
}
