import type { TransformTools } from '../engine/contracts.ts'
import { derivedBy, type LoadedTransform } from '../engine/sources/derive.ts'
import { loadTransform } from '../components/registry.ts'

export async function transformTools(): Promise<TransformTools> {
  const { compileRowFilter } = await import('../query/index.ts')
  return { filter: (written) => compileRowFilter(written) }
}

export async function loadedTransform(type: string): Promise<LoadedTransform> {
  const [definition, tools] = await Promise.all([loadTransform(type), transformTools()])
  return (journal) => derivedBy(definition, journal, tools)
}
