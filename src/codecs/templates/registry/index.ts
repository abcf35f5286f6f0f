import type { ExtraType } from '../extra.ts'
import { keyOf, reversePen } from '../elements.ts'
import { iana } from './iana.ts'
import { probes } from './probes.ts'
import { vendors } from './vendors.ts'

export type NamedElement = Readonly<{ name: string; type: ExtraType }>

const types: Readonly<Record<string, ExtraType>> = {
  u: 'unsigned',
  i: 'signed',
  f: 'float',
  s: 'string',
  x: 'hex',
  a: 'ip',
  m: 'mac',
  b: 'bool',
  t: 'ntp',
}

const cisco = 9
const ntop = 35632
/** nProbe's types of v9 begin here. */
const ntopTypes = 57472
const ntopEnd = 60000

let known: Map<number, NamedElement> | undefined

function readList(pen: number, list: string, into: Map<number, NamedElement>): void {
  for (const [, id, type, name] of list.matchAll(/(\d+)(\w):(\w+)/g))
    into.set(keyOf(pen, Number(id)), { name: name!, type: types[type!]! })
}

function elements(): Map<number, NamedElement> {
  if (known !== undefined) return known
  known = new Map()
  readList(0, iana, known)
  for (const [pen, list] of [...Object.entries(vendors), ...Object.entries(probes)]) readList(Number(pen), list, known)
  return known
}

/** From the lists of IANA and of vendors; ids from 32768 without an enterprise number are of NetFlow v9. */
export function namedElement(pen: number, id: number): NamedElement | undefined {
  const element = elements().get(keyOf(pen, id))
  if (element !== undefined) return element
  if (pen === reversePen) {
    const forward = elements().get(id)
    return forward === undefined
      ? undefined
      : { ...forward, name: `reverse${forward.name.charAt(0).toUpperCase()}${forward.name.slice(1)}` }
  }
  if (pen !== 0 || id < 0x8000) return undefined
  if (id >= ntopTypes && id < ntopEnd) return elements().get(keyOf(ntop, id - ntopTypes))
  return elements().get(keyOf(cisco, id - 0x8000)) ?? elements().get(keyOf(25461, id - 0x8000))
}
