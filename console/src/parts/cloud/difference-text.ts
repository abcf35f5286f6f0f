import { count, plainText, size } from '../format.ts'
import { money } from '../money.ts'
import { generalText } from '../../text/general.ts'
import { inventoryText } from './text.ts'

const titles: Readonly<Record<string, string>> = {
  name: generalText.name,
  parent: inventoryText.parent,
  state: inventoryText.state,
  rawState: inventoryText.rawState,
  size: inventoryText.size,
  cpuCores: inventoryText.cores,
  gpus: inventoryText.gpus,
  memoryBytes: inventoryText.memory,
  diskBytes: inventoryText.disk,
  nodes: inventoryText.nodes,
  costPerHour: inventoryText.price,
  attachedTo: inventoryText.attachedTo,
  addresses: inventoryText.addresses,
}

type FieldChange = Readonly<{ path: string; from?: unknown; to?: unknown }>

/** `Memory: 4.00 GiB → 8.00 GiB`; other paths, such as `tags.team`, stand for themselves. */
export function differenceText({ path, from, to }: FieldChange): string {
  return inventoryText.changed(titles[path] ?? path, valueText(path, from), valueText(path, to))
}

function valueText(path: string, value: unknown): string {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return inventoryText.none
  if (Array.isArray(value)) return value.map(plainText).join(', ')
  if (typeof value === 'number') return path.endsWith('Bytes') ? size(value) : count(value)
  if (path === 'costPerHour' && typeof value === 'object' && 'amount' in value && 'currency' in value)
    return money(Number(value.amount), plainText(value.currency))
  return plainText(value)
}
