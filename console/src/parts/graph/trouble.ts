import type { Amounts } from './fold.ts'

/** Dropped packets, and flows with a DNS error. */
export type Trouble = Readonly<{ drops: number; errors: number }>

export type TroubleKind = 'drops' | 'errors'

/** A smaller share is normal loss. */
const least = 0.01

/** The more severe kind. */
export function troubleOf({
  packets,
  flows,
  trouble,
}: Amounts & { readonly trouble?: Trouble | undefined }): TroubleKind | undefined {
  if (trouble === undefined) return undefined
  if (trouble.drops > 0 && trouble.drops >= least * (packets + trouble.drops)) return 'drops'
  return trouble.errors > 0 && trouble.errors >= least * flows ? 'errors' : undefined
}
