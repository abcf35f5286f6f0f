import type { Host } from '../host/index.ts'
import type { WeirConfig } from './config.ts'
import { sizeText } from '../model/size-text.ts'

export const smallVolumeAdvice =
  'Lower `store.size` and `journal.keep` to fit the volume, or use a larger one. Settled journal is removed ' +
  'first, but a store that fills the volume stops all sources.'

export async function smallVolume(
  host: Pick<Host, 'disk'>,
  { journal, store }: Pick<WeirConfig, 'journal' | 'store'>,
  path: string,
): Promise<string | undefined> {
  const size = await host.disk.capacity(path)
  const expected = store.enabled === 'parquet' ? store.size : 0
  const needed = journal.keep + journal.reserve + expected
  if (size >= needed) return undefined
  const parts = [
    `journal.keep ${sizeText(journal.keep)}`,
    `journal.reserve ${sizeText(journal.reserve)}`,
    ...(expected === 0 ? [] : [`store.size ${sizeText(expected)}`]),
  ]
  return `${sizeText(size)}, and ${parts.join(' + ')} are ${sizeText(needed)}`
}
