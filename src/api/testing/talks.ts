import type { FlowBatch } from '../../model/batches.ts'
import type { Column } from '../../model/columns.ts'
import { flowBatch } from '../../store/testing/frames.ts'

export interface Talk {
  /** `<namespace>/<kind>/<name>` of the workload; undefined: outside. */
  readonly from?: string
  readonly to?: string
  readonly ports?: readonly [source: number, destination: number]
  /** Of TCP; preset: 0. */
  readonly flags?: number
  readonly cluster?: string
  /** Preset: 1000. */
  readonly bytes?: number
  /** The source is a node. */
  readonly node?: boolean
}

/** Flows between workloads, with names as exporters write them. */
export function talkBatch(talks: readonly Talk[], received: number): FlowBatch {
  const batch = flowBatch(
    talks.map(({ bytes = 1000 }, row) => ({ src: `10.1.0.${row + 1}`, dst: `10.2.0.${row + 1}`, bytes })),
    received,
  )
  const dictionary = [...batch.dictionary]
  const texts = (pick: (talk: Talk) => string | undefined): Column => ({
    kind: 'dict',
    codes: Uint32Array.from(talks, (talk) => {
      const text = pick(talk) ?? ''
      if (!dictionary.includes(text)) dictionary.push(text)
      return dictionary.indexOf(text)
    }),
  })
  const port = (end: 0 | 1, preset: number): Column => ({
    kind: 'u16',
    values: Uint16Array.from(talks, ({ ports }) => ports?.[end] ?? preset),
  })
  const part = (workload: string | undefined, index: number): string | undefined => workload?.split('/')[index]
  const columns = {
    ...batch.columns,
    src_port: port(0, 50_000),
    dst_port: port(1, 8080),
    tcp_flags: { kind: 'u16', values: Uint16Array.from(talks, ({ flags }) => flags ?? 0) } as const,
    cluster: texts(({ cluster }) => cluster),
    src_kind: texts(({ from, node }) => (node === true ? 'Node' : from === undefined ? undefined : 'Pod')),
    src_namespace: texts(({ from }) => part(from, 0)),
    src_owner_kind: texts(({ from }) => part(from, 1)),
    src_owner_name: texts(({ from }) => part(from, 2)),
    dst_namespace: texts(({ to }) => part(to, 0)),
    dst_owner_kind: texts(({ to }) => part(to, 1)),
    dst_owner_name: texts(({ to }) => part(to, 2)),
  }
  return { ...batch, dictionary, columns }
}
