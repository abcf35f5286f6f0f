import { trimOldest } from '../../model/trim-oldest.ts'
import { idText } from './applications.ts'
import type { DataSet } from './data-set.ts'
import { element, keyOf } from './elements.ts'
import { interfaceScope, scopePen, templateScope, type Layout } from './layout.ts'
import { isBytes, isNumber, isText, Lookup } from './lookup.ts'
import { lengthOf, numberIn, startOf } from './read.ts'
import { egressKey, intervalOf, type DomainFacts } from './sampling.ts'
import type { OptionsPlan } from './state.ts'
import { readSampling } from './step-sampling.ts'

const maxEntries = 4096
const maxName = 256
const utf8 = new TextDecoder()

export function planOptions(layout: Layout): OptionsPlan {
  const lookup = new Lookup(layout, new Map())
  const input = lookup.first([keyOf(scopePen, interfaceScope), element.ingressInterface], isNumber)
  const output = lookup.one(element.egressInterface)
  return {
    sampling: lookup.sampling(),
    interfaceIndex: input ?? output,
    isEgress: input === undefined,
    templateId: lookup.first([keyOf(scopePen, templateScope), element.templateId], isNumber),
    interfaceName: lookup.first([element.interfaceName, element.interfaceDescription], isText),
    initTime: lookup.one(element.initTime, isBytes(8)),
    applicationId: lookup.one(element.applicationId, isText),
    applicationName: lookup.first([element.applicationName, element.applicationDescription], isText),
  }
}

export function learn(set: DataSet, plan: OptionsPlan, facts: DomainFacts): boolean {
  const { sampling: places, interfaceIndex, isEgress, templateId, interfaceName, initTime } = plan
  const { applicationId, applicationName } = plan
  let changed = false
  for (let i = 0; i < set.count; i++) {
    const interval = intervalOf(readSampling(set, places, i))
    const index = interfaceIndex === undefined ? undefined : numberIn(set, interfaceIndex, i)
    if (interval > 0) {
      if (places.selector !== undefined)
        changed = put(facts.selectors, numberIn(set, places.selector, i), interval) || changed
      else if (templateId !== undefined)
        changed = put(facts.templateSampling, numberIn(set, templateId, i), interval) || changed
      else if (index !== undefined)
        changed = put(facts.interfaceSampling, isEgress ? egressKey(index) : index, interval) || changed
      else {
        changed ||= facts.sampling !== interval
        facts.sampling = interval
      }
    }
    if (index !== undefined && interfaceName !== undefined) {
      const name = textOf(set.bytes, startOf(set, interfaceName, i), lengthOf(set, interfaceName, i))
      if (name !== '') changed = put(facts.interfaceNames, index, name) || changed
    }
    if (applicationId !== undefined && applicationName !== undefined) {
      const name = textOf(set.bytes, startOf(set, applicationName, i), lengthOf(set, applicationName, i)).trim()
      const id = idText(set.bytes, startOf(set, applicationId, i), lengthOf(set, applicationId, i))
      if (name !== '') changed = facts.applications.put(id, name) || changed
    }
    if (initTime !== undefined) {
      const value = numberIn(set, initTime, i)
      changed ||= facts.initTime !== value
      facts.initTime = value
    }
  }
  return changed
}

function textOf(bytes: Uint8Array, at: number, length: number) {
  return utf8.decode(bytes.subarray(at, at + Math.min(length, maxName))).replace(/\0.*$/s, '')
}

function put<T>(map: Map<number, T>, key: number, value: T) {
  if (map.get(key) === value) return false
  map.set(key, value)
  trimOldest(map, maxEntries)
  return true
}
