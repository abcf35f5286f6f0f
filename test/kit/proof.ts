// Evidence for the support table: `npm run test:real -- --write` records the passed tests of a system.
import { beforeEach, TestRunner } from 'vitest'

export type ProvedRole = 'source' | 'sink' | 'journal' | 'login' | 'traces'
export type Order = 'by key' | 'as received' | 'as written'

/** The system that a suite tests. */
export interface Against {
  /** Name in docs/support.json. */
  readonly system: string
  /** Name of the server or program. */
  readonly server: string
  /** Reported by the server, read before each test. */
  readonly version?: () => string | undefined | Promise<string | undefined>
  /** The server is a stand-in of this project. */
  readonly standIn?: true
  /** The system keeps no order, even if a suite observes one. */
  readonly unordered?: true
  /** The part of the system, such as `FIFO queues`. */
  readonly part?: string
}

export interface Proof extends Omit<Against, 'version'> {
  readonly role: ProvedRole
  readonly version?: string
}

declare module 'vitest' {
  interface TaskMeta {
    proofs?: Proof[]
    order?: Order
  }
}

/** Every passed test of the surrounding suite is evidence for these systems. */
export function proves(role: ProvedRole, ...against: readonly Against[]): void {
  beforeEach(async ({ task }) => {
    for (const one of against) await prove(task.meta, role, one)
  })
}

/** Records evidence of one test. */
export async function prove(
  meta: { proofs?: Proof[] },
  role: ProvedRole,
  { version, ...against }: Against,
): Promise<void> {
  const found = await version?.()
  meta.proofs = [...(meta.proofs ?? []), { role, ...against, ...(found === undefined ? {} : { version: found }) }]
}

/** The test passes without evidence. */
export function provesNothing(meta: { proofs?: Proof[] }): void {
  meta.proofs = []
}

/** Records the order that the running test verified. */
export function measured(order: Order): void {
  const test = TestRunner.getCurrentTest()
  if (test !== undefined) test.meta.order = order
}
