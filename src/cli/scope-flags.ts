import type { Command } from 'commander'
import type { ServerFlags } from './client.ts'
import { withOutput, type OutputFlags } from './output.ts'

export interface ScopeFlags extends ServerFlags, OutputFlags {
  readonly cluster?: string
  readonly group?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly text?: string
  readonly limit: string
}

export function withScopeFlags(command: Command): Command {
  return withOutput(command)
    .option('--cluster <NAMES>', 'clusters; comma-separated')
    .option('--group <GROUPS>', 'API groups; comma-separated, `core` is the core group')
    .option('-k, --kind <KINDS>', 'kinds; comma-separated')
    .option('-n, --namespace <NAMES>', 'namespaces; comma-separated')
    .option('--name <NAMES>', 'names; comma-separated')
    .option('--text <TEXT>', 'text to search')
    .option('--limit <N>', 'maximum number', '100')
}

export function parametersOf(flags: object, names: readonly string[]): URLSearchParams {
  const given = flags as Readonly<Record<string, string | undefined>>
  const query = new URLSearchParams()
  for (const name of names) if (given[name] !== undefined) query.set(name, given[name])
  return query
}

export function withWords(command: Command): Command {
  return command.argument('[filter...]', 'what to find: an address, address:port, a network, a name, or a filter')
}

/** The flags with the words of the command line in their filter. */
export function withFilter<Flags extends object>(
  words: readonly string[],
  flags: Flags & { readonly filter?: string },
): Flags & { readonly filter?: string } {
  const typed = words.join(' ').trim()
  const { filter = '' } = flags
  if (typed === '') return flags
  return { ...flags, filter: filter.trim() === '' ? typed : `(${typed}) and (${filter})` }
}

export const scopeNames = ['cluster', 'group', 'kind', 'namespace', 'name', 'text', 'limit'] as const

/** `2026-11-20 10:00:05` for an ISO time. */
export function timeText(iso: unknown): string {
  return typeof iso === 'string' ? iso.slice(0, 19).replace('T', ' ') : ''
}

export function objectText({ namespace, name }: { namespace?: unknown; name?: unknown }): string {
  return [namespace, name].filter((part) => typeof part === 'string').join('/')
}
