/** Working folder, user and group of the process, as the cfg names them (`workdir`, `user`, `group`) or `-w`, `-u` and `-g` do. */
import { StartError } from './errors.js';

interface Wanted {
  readonly workdir: string;
  readonly user: string;
  readonly group: string;
  readonly chroot: string;
}
const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
/** Names are looked up by the system; digits are an id. */
const idOf = (written: string): string | number => (/^\d+$/.test(written) ? Number(written) : written);

/** Before anything is opened. `chosen`: the command line has named the folder already. */
export function enterFolder({ workdir, chroot }: Wanted, chosen: boolean): void {
  if (chroot !== '')
    throw new StartError(
      'SIPC8090',
      `cannot make ${chroot} the root folder: Node has no chroot; use a container, or RootDirectory= of the unit file, and take the line out`,
    );
  if (workdir === '' || chosen) return;
  try {
    process.chdir(workdir);
  } catch (error) {
    throw new StartError('SIPC8091', `cannot work in ${workdir}: ${problemOf(error)}; name a folder that is there`);
  }
}

/** Once the sockets are open: the group first, as long as it may. */
export function dropPrivileges({ user, group }: Wanted): void {
  try {
    if (user !== '') {
      const id = idOf(user);
      if (group !== '') process.setgid?.(idOf(group));
      else if (typeof id === 'string') process.setgid?.(id);
      if (process.geteuid?.() === 0 && process.getegid) process.setgroups?.([process.getegid()]);
      process.setuid?.(id);
    } else if (group !== '') process.setgid?.(idOf(group));
  } catch (error) {
    throw new StartError(
      'SIPC8092',
      `cannot run as ${user}${group === '' ? '' : `:${group}`}: ${problemOf(error)}; start as root, or name the user it is started as`,
    );
  }
}
