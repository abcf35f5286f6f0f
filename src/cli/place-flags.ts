import { Option } from 'commander'
import type { Command } from 'commander'
import { self } from '../host/process.ts'
import type { ServerFlags } from './client.ts'

/** Flags of commands that ask for objects of clusters. */
export interface PlaceFlags extends ServerFlags {
  readonly cluster?: string
  readonly group?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly text?: string
  readonly limit: string
  readonly format?: 'json' | 'table'
}

export function withPlaceFlags(command: Command): Command {
  return command
    .option('--cluster <NAMES>', 'of these clusters, with commas')
    .option('--group <GROUPS>', 'of these API groups, with commas; `core` is the one without a name')
    .option('-k, --kind <KINDS>', 'of these kinds, with commas')
    .option('-n, --namespace <NAMES>', 'in these namespaces, with commas')
    .option('--name <NAMES>', 'of these names, with commas')
    .option('--text <TEXT>', 'that hold this text anywhere')
    .option('--limit <N>', 'so many at most', '100')
    .addOption(
      new Option('--format <FORMAT>', 'form of the answer (default: table on a terminal, else json)').choices([
        'json',
        'table',
      ]),
    )
}

/** Parameters of the API from flags of the same name. */
export function parametersOf(flags: object, names: readonly string[]): URLSearchParams {
  const given = flags as Readonly<Record<string, string | undefined>>
  const query = new URLSearchParams()
  for (const name of names) if (given[name] !== undefined) query.set(name, given[name])
  return query
}

export const placeNames = ['cluster', 'group', 'kind', 'namespace', 'name', 'text', 'limit'] as const

export function wantsJson({ format }: PlaceFlags): boolean {
  return (format ?? (self.interactive ? 'table' : 'json')) === 'json'
}

/** `2026-11-20 10:00:05` of an ISO time. */
export function timeText(iso: unknown): string {
  return typeof iso === 'string' ? iso.slice(0, 19).replace('T', ' ') : ''
}

/** `shop/web`, `worker-1` */
export function objectText({ namespace, name }: { readonly namespace?: unknown; readonly name?: unknown }): string {
  return [namespace, name].filter((part) => typeof part === 'string').join('/')
}
