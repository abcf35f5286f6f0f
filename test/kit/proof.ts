// What a test proves of a system, for the support table: `npm run test:real -- --write` notes it when the test has
// passed (support-reporter.ts).
import { beforeEach, TestRunner } from 'vitest'

export type ProvedRole = 'source' | 'sink' | 'journal' | 'login' | 'traces'
export type Order = 'by key' | 'as received' | 'as written'

/** The other side of a suite. */
export interface Against {
  /** As docs/support.json calls it. */
  readonly system: string
  /** Name of the server or program. */
  readonly server: string
  /** As reported by the server, read before each test. Undefined: it has none. */
  readonly version?: () => string | undefined | Promise<string | undefined>
  /** It is a stand-in of ours. */
  readonly standIn?: true
  /** The system keeps no order, whatever a suite sees of it. */
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

/** Every test of the suite in which this stands proves something of these, in the role, when it passes. */
export function proves(role: ProvedRole, ...against: readonly Against[]): void {
  beforeEach(async ({ task }) => {
    for (const one of against) await prove(task.meta, role, one)
  })
}

/** The same for one test: `task.meta` of its context. */
export async function prove(
  meta: { proofs?: Proof[] },
  role: ProvedRole,
  { version, ...against }: Against,
): Promise<void> {
  const found = await version?.()
  meta.proofs = [...(meta.proofs ?? []), { role, ...against, ...(found === undefined ? {} : { version: found }) }]
}

/** A test that passes and proves nothing. */
export function provesNothing(meta: { proofs?: Proof[] }): void {
  meta.proofs = []
}

/** The running test has seen that this order is kept. */
export function measured(order: Order): void {
  const test = TestRunner.getCurrentTest()
  if (test !== undefined) test.meta.order = order
}
