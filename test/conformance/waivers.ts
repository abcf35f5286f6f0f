import { expect, test } from 'vitest'
import { provesNothing } from '../kit/proof.ts'
import type { OtherSide, SinkHarness } from './sink.ts'
import waivers from './waivers.json' with { type: 'json' }

interface Promised {
  readonly title: string
  /** What the other side must be able to do. */
  readonly needs?: keyof OtherSide
  /** Asked only of these sinks. */
  readonly only?: (harness: SinkHarness) => boolean
}

const promises = {
  happy: { title: 'delivers everything once, in order within a key, when nothing goes wrong' },
  flows: { title: 'delivers each flow once under its stable id', only: ({ accepts }) => accepts.includes('flows') },
  preview: { title: 'tells what it would send for each row, and sends nothing' },
  probe: { title: 'finds the other side there or not, ends when nobody answers, and sends nothing' },
  stopped: { title: 'delivers nothing once it was told to stop' },
  refuse: {
    title: 'calls everything a retry while it is refused, and loses nothing with the next send',
    needs: 'refuse',
  },
  slow: { title: 'ends a send that nobody answers', needs: 'slow' },
  stop: { title: 'ends a send that nobody answers as soon as it is told to stop', needs: 'slow' },
  disconnect: { title: 'names whatever a connection cut in mid-batch left open', needs: 'disconnectAfter' },
  partial: { title: 'names exactly the events that failed', needs: 'fail' },
  poison: { title: 'rejects an event that can never be taken, and delivers those of other keys', needs: 'poison' },
  'duplicate-ack': { title: 'takes a second answer to one event for no more than one', needs: 'duplicateAck' },
  restart: { title: 'works again after the other side restarted, without being rebuilt', needs: 'restart' },
  idempotency: {
    title: 'leaves one of each on the other side when the same batch is sent twice',
    needs: 'held',
    only: ({ idempotency }) => idempotency !== 'none',
  },
} as const satisfies Record<string, Promised>

export type SinkCase = keyof typeof promises

/** Runs each case, or shows that it is waived; a case that is neither possible nor waived fails. */
export function casesOf(name: string, harness: SinkHarness, run: (which: SinkCase) => Promise<void>): void {
  const selected = (Object.entries(promises) as [SinkCase, Promised][]).filter(
    ([, { only }]) => only === undefined || only(harness),
  )
  const excuse = (which: SinkCase) => waivers.find((waiver) => waiver.name === name && waiver.case === which)
  for (const [which, { title }] of selected.filter(([one]) => excuse(one) === undefined)) {
    test(`it ${title}`, async () => {
      expect.hasAssertions()
      await run(which)
    })
  }
  for (const [which, { title, needs }] of selected.filter(([one]) => excuse(one) !== undefined)) {
    test(`it is excused from this: it ${title}`, async ({ task }) => {
      provesNothing(task.meta)
      expect(excuse(which)?.reason.length).toBeGreaterThan(30)
      const other = await harness.start()
      // A fault that can be shown needs no waiver.
      expect(needs === undefined ? 'always possible' : other[needs]).toBeUndefined()
      await other.stop()
    })
  }
}
