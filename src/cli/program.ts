import { Command } from 'commander'
import { version } from './version.ts'

/** Every command but `run`; each file loads what it needs when it is called. */
export function program(): Command {
  return new Command('weir').version(version)
}
