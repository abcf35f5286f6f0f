import type { Transform } from '../../engine/contracts.ts'
import { parseRaw } from '../../model/exact-json.ts'
import { nestsDeeper, TooDeep } from '../../model/json-depth.ts'
import type { RedactConfig } from './config.ts'

const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()

/** Events without JSON data pass unchanged. Numbers keep every digit. */
export function redactStep(config: RedactConfig): Transform {
  const paths = config.fields.map((path) => path.split('.'))
  return {
    apply(event) {
      if (event.encoding !== 'json' || event.data === undefined) return { is: 'pass', event }
      if (nestsDeeper(event.data)) return { is: 'reject', reason: new TooDeep().message }
      let data: unknown
      try {
        data = parseRaw(fromUtf8.decode(event.data))
      } catch {
        return { is: 'reject', reason: 'the data is declared as JSON but does not parse' }
      }
      let changed = false
      for (const path of paths) changed = replace(data, path, 0, config.replacement) || changed
      return changed
        ? { is: 'pass', event: { ...event, data: utf8.encode(JSON.stringify(data)) } }
        : { is: 'pass', event }
    },
  }
}

function replace(node: unknown, path: readonly string[], depth: number, by: string): boolean {
  if (typeof node !== 'object' || node === null) return false
  const step = path[depth]
  const holder = node as Record<string, unknown>
  const keys = step === '*' ? Object.keys(holder) : step !== undefined && Object.hasOwn(holder, step) ? [step] : []
  let changed = false
  for (const key of keys) {
    if (depth === path.length - 1) {
      holder[key] = by
      changed = true
    } else {
      changed = replace(holder[key], path, depth + 1, by) || changed
    }
  }
  return changed
}
