import { dropCauseName, tcpStateName, tlsCipherSuiteName, tlsGroupName, tlsTypes, tlsVersionName } from './names.ts'

/** Numbers of names, for the way back to the agent's records. An unknown name has the number 0. */
type CodeOf = (name: string) => number

function inverse(
  nameOf: (code: number) => string,
  ...ranges: readonly (readonly [first: number, last: number])[]
): CodeOf {
  let codes: Map<string, number> | undefined
  return (name) => {
    if (codes === undefined) {
      codes = new Map()
      for (const [first, last] of ranges) for (let code = first; code <= last; code++) codes.set(nameOf(code), code)
    }
    return codes.get(name) ?? 0
  }
}

const u16 = [1, 0xffff] as const
const knownCause = inverse(dropCauseName, [2, 0xff], [(3 << 16) + 1, (3 << 16) + 0xff], [1 << 24, (1 << 24) + 0xff])

export const tcpStateCode = inverse(tcpStateName, [1, 11])
export const tlsGroupCode = inverse(tlsGroupName, u16)
export const tlsCipherSuiteCode = inverse(tlsCipherSuiteName, u16)
const versionCode = inverse(tlsVersionName, u16)

export function dropCauseCode(name: string): number {
  return knownCause(name) || Number(/^SKB_DROP_UNKNOWN_CAUSE_(\d{1,10})$/.exec(name)?.[1] ?? 0)
}

const mismatch = '~ '

export function tlsVersionCode(name: string): Readonly<{ version: number; mismatch: boolean }> {
  const differs = name.startsWith(mismatch)
  return { version: versionCode(differs ? name.slice(mismatch.length) : name), mismatch: differs }
}

export function tlsTypesCode(names: readonly string[]): number {
  return names.reduce((bits, name) => {
    const bit = tlsTypes.findIndex((type) => type === name)
    return bit < 0 ? bits : bits | (1 << bit)
  }, 0)
}
