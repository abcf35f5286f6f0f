import type { Probe, Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { healthOfPlaces, type SourceHealth } from '../../engine/sources/health.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { combined } from '../../polling/probes.ts'
import type { SbomConfig, sbomSchema } from './config.ts'
import type { DocumentReader } from './source-emit.ts'
import { FolderReader } from './source-folder.ts'
import { RegistryReader } from './source-registry.ts'
import { FolderState } from './source-state.ts'

const measureMs = 5000

export const source = defineSource<typeof sbomSchema>('sbom', {
  build: openSbom,
  async verify({ path }, { host }) {
    if (path === null) return
    const entry = await host.disk.stat(path)
    if (entry?.directory !== true) throw new Error(`${path} is not a folder.`)
  },
  async probe({ path, registry, lease }, context, signal) {
    const probes: Probe[] = path === null ? [] : [{ is: 'ok', message: `${path} is read` }]
    if (registry !== null) {
      await RegistryReader.verify(registry, context.host, signal)
      const images = `${registry.images.length} listed images exist in ${registry.url}`
      probes.push({ is: 'ok', message: images }, ...(await checkLease(lease, context, signal)))
    }
    return combined(probes)
  },
})

export type SbomStatus = Readonly<{
  documents: number
  rejected: number
  problem?: string
}>

export interface SbomSource extends Source {
  status(): SbomStatus
  health(): SourceHealth | undefined
}

export async function openSbom(config: SbomConfig, context: SourceContext): Promise<SbomSource> {
  const { path, registry, lease, max_size } = config
  const readers: DocumentReader[] = []
  if (path !== null) readers.push(new FolderReader({ ...config, path }, context, await FolderState.open(context)))
  if (registry !== null) readers.push(await RegistryReader.open({ ...registry, max_size, lease }, context))
  const sum = (of: 'documents' | 'rejected'): number => readers.reduce((all, reader) => all + reader[of], 0)
  const { metrics, id, host } = context
  return {
    addresses: [],
    status() {
      const problem = readers.find((reader) => reader.problem !== undefined)?.problem
      return { documents: sum('documents'), rejected: sum('rejected'), ...(problem === undefined ? {} : { problem }) }
    },
    health: () =>
      healthOfPlaces(readers.map(({ problem }) => (problem === undefined ? undefined : { why: problem, lastPoll: 0 }))),
    async run(signal) {
      const measure = (): void => metrics.set('weir_sbom_rejected_documents', sum('rejected'), { source: id })
      const timer = host.timers.every(measureMs, measure)
      measure()
      try {
        await Promise.all(readers.map((reader) => reader.run(signal)))
      } finally {
        timer.cancel()
      }
    },
  }
}
