import { readdirSync, readFileSync } from 'node:fs';

/** One process; Linux only. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        // `pid (name, which may have anything in it) state parent …`
        const parent = /^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1];
        return [{ pid: Number(name), parent: Number(parent), command }];
      } catch {
        return []; // gone since it was listed
      }
    });
}

/** The browser that runs on a profile, with all that it started. */
export function processesOf(profile: string): readonly Process[] {
  const all = processes();
  const found = new Set(all.filter(({ command }) => command.includes(`--user-data-dir=${profile} `)));
  for (const parent of found) {
    for (const each of all) if (each.parent === parent.pid) found.add(each);
  }
  return [...found];
}

/** Kills them as a power cut of the browser would: no process hears of it. @returns how many there were */
export async function killProfile(profile: string): Promise<number> {
  const victims = processesOf(profile);
  for (const { pid } of victims) process.kill(pid, 'SIGKILL');
  while (processesOf(profile).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  return victims.length;
}

/** Proportional set size of the profile's renderers, bytes. */
export function rendererBytes(profile: string): number {
  return processesOf(profile)
    .filter(({ command }) => command.includes('--type=renderer'))
    .reduce((sum, { pid }) => {
      try {
        const rollup = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
        return sum + 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
      } catch {
        return sum;
      }
    }, 0);
}
