import { expect, test } from 'vitest'
import { provesNothing } from '../kit/proof.ts'
import type { OtherSide, SinkHarness } from './sink.ts'
import waivers from './waivers.json' with { type: 'json' }

interface Promised {
  readonly title: string
  /** The fault that the harness must support. */
  readonly needs?: keyof OtherSide
  /** Restricts the case to some sinks. */
  readonly only?: (harness: SinkHarness) => boolean
}

const promises = {
  happy: { title: 'delivers everything once, in order per key, without faults' },
  flows: { title: 'delivers each flow once under its stable id', only: ({ accepts }) => accepts.includes('flows') },
  preview: { title: 'previews the message of each row without sending' },
  probe: { title: 'probes the system without sending, and ends if there is no response' },
  stopped: { title: 'delivers nothing after stop' },
  refuse: {
    title: 'reports only retries while it is refused, and loses nothing with the next send',
    needs: 'refuse',
  },
  slow: { title: 'ends a send without a response', needs: 'slow' },
  stop: { title: 'ends a send without a response at once when it is stopped', needs: 'slow' },
  disconnect: { title: 'reports every row that a cut connection left open', needs: 'disconnectAfter' },
  partial: { title: 'reports exactly the events that failed', needs: 'fail' },
  poison: { title: 'rejects an event permanently, and delivers those of other keys', needs: 'poison' },
  'duplicate-ack': { title: 'counts a second acknowledgement of an event once', needs: 'duplicateAck' },
  restart: { title: 'works after a restart of the system, without being rebuilt', needs: 'restart' },
  idempotency: {
    title: 'leaves one of each row in the system when the same batch is sent twice',
    needs: 'held',
    only: ({ idempotency }) => idempotency !== 'none',
  },
} as const satisfies Record<string, Promised>

export type SinkCase = keyof typeof promises

/** Runs each case or its waiver. A case without fault support and waiver fails. */
export function casesOf(name: string, harness: SinkHarness, run: (which: SinkCase) => Promise<void>): void {
  const selected = (Object.entries(promises) as [SinkCase, Promised][]).filter(
    ([, { only }]) => only === undefined || only(harness),
  )
  const waiverOf = (which: SinkCase) => waivers.find((waiver) => waiver.name === name && waiver.case === which)
  for (const [which, { title }] of selected.filter(([one]) => waiverOf(one) === undefined)) {
    test(`it ${title}`, async () => {
      expect.hasAssertions()
      await run(which)
    })
  }
  for (const [which, { title, needs }] of selected.filter(([one]) => waiverOf(one) !== undefined)) {
    test(`it is waived: it ${title}`, async ({ task }) => {
      provesNothing(task.meta)
      expect(waiverOf(which)?.reason.length).toBeGreaterThan(30)
      const other = await harness.start()
      // A fault that the harness supports needs no waiver.
      expect(needs === undefined ? 'always possible' : other[needs]).toBeUndefined()
      await other.stop()
    })
  }
}
