/** `weir inventory --diff`. */
import type { InventoryDiff } from '../topics/inventory/schema.ts'
import type { Data } from './output.ts'
import { timeText } from './scope-flags.ts'
import { oneLine, textTable } from './text-table.ts'

export function diffData(diff: InventoryDiff): Data {
  return {
    whole: diff,
    rows: diff.resources,
    columns: ['kind', 'provider', 'account', 'region', 'type', 'id', 'name', 'state', 'finding', 'changes', 'ref'],
    table: () => diffText(diff),
  }
}

const text = (value: unknown): string => oneLine(typeof value === 'string' ? value : JSON.stringify(value ?? ''))

function diffText({ from, to, counts, more, resources }: InventoryDiff): string {
  const span = `between ${timeText(from)} and ${timeText(to)} UTC`
  if (resources.length === 0) return `No resource changed ${span}.\n`
  const rows = resources.map((row) => [
    text(row.kind),
    text(row.account),
    text(row.region),
    text(row.type),
    text(row.name),
    row.changes.map(({ path, from: old, to: now }) => `${text(path)}: ${text(old)} → ${text(now)}`).join(', '),
  ])
  const sums = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
  return (
    textTable(['kind', 'account', 'region', 'type', 'name', 'fields'], rows) +
    `\n${sums.join(', ')} ${span}.${more ? ' --limit shows more.' : ''}\n`
  )
}
