import type { MemoryLease } from '../../host/index.ts'
import { ApiError } from '../problems.ts'
import { messageOf } from '../../model/errors.ts'
import { nestsDeeper } from '../../model/json-depth.ts'
import { jsonMemory } from '../../model/json-memory.ts'

export function parseJson(bytes: Uint8Array, maxDepth: number, memory?: MemoryLease): unknown {
  if (nestsDeeper(bytes, maxDepth))
    throw new ApiError('WEIR_API_BODY', `The JSON nests deeper than ${maxDepth} levels.`)
  memory?.grow(jsonMemory(bytes))
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
