import { ApiError } from './problems.ts'
import { messageOf } from '../model/errors.ts'

const quote = 0x22
const backslash = 0x5c

/** Megabytes of brackets would become gigabytes of objects, so depth is checked first. */
export function parseJson(bytes: Uint8Array, maxDepth: number): unknown {
  checkDepth(bytes, maxDepth)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ApiError('WEIR_API_BODY', 'The body is not UTF-8.')
  }
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new ApiError('WEIR_API_BODY', `The body is not JSON: ${messageOf(error)}`)
  }
}

function checkDepth(bytes: Uint8Array, maxDepth: number) {
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) {
      for (at++; at < bytes.length && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > maxDepth) throw new ApiError('WEIR_API_BODY', `The JSON nests deeper than ${maxDepth} levels.`)
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
}
