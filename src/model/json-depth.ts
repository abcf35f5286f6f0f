/** Levels of a document of another system. Parsers do not recurse, but code that reads or writes values does. */
export const maxJsonDepth = 200

const quote = 0x22
const backslash = 0x5c

/** Before the value exists: megabytes of brackets would become gigabytes of objects. */
export function nestsDeeper(json: Uint8Array | string, levels = maxJsonDepth): boolean {
  if (json.length <= levels) return false
  const bytes = typeof json === 'string' ? Buffer.from(json) : json
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) {
      for (at++; at < bytes.length && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > levels) return true
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return false
}

/** Throws with the reason. */
export function assertShallow(json: Uint8Array | string, levels = maxJsonDepth): void {
  if (nestsDeeper(json, levels)) throw new TooDeep(levels)
}

export class TooDeep extends Error {
  constructor(levels = maxJsonDepth) {
    super(`the JSON nests deeper than ${levels} levels`)
    this.name = 'TooDeep'
  }
}
