import { expect, test } from 'vitest'
import type { OtherSide, SinkHarness } from './sink.ts'
import waivers from './waivers.json' with { type: 'json' }

export type SinkFault = 'refuse' | 'slow' | 'disconnect' | 'partial' | 'poison' | 'duplicate-ack' | 'restart' | 'idempotency'

const promises: Readonly<Record<SinkFault, { readonly title: string; readonly needs: keyof OtherSide }>> = {
  refuse: { title: 'calls everything a retry while it is refused, and loses nothing with the next send', needs: 'refuse' },
  slow: { title: 'ends a send that nobody answers', needs: 'slow' },
  disconnect: { title: 'names whatever a connection cut in mid-batch left open', needs: 'disconnectAfter' },
  partial: { title: 'names exactly the events that failed', needs: 'fail' },
  poison: { title: 'rejects an event that can never be taken, and delivers those of other keys', needs: 'poison' },
  'duplicate-ack': { title: 'takes a second answer to one event for no more than one', needs: 'duplicateAck' },
  restart: { title: 'works again after the other side restarted, without being rebuilt', needs: 'restart' },
  idempotency: { title: 'leaves one of each on the other side when the same batch is sent twice', needs: 'held' },
}

/** Runs each case, or shows that it is waived; a case that is neither possible nor waived fails. */
export function casesOf(name: string, harness: SinkHarness, cases: Readonly<Record<SinkFault, (title: string) => void>>): void {
  for (const [fault, { title, needs }] of Object.entries(promises) as [SinkFault, (typeof promises)[SinkFault]][]) {
    if (fault === 'idempotency' && harness.idempotency === 'none') continue
    const waiver = waivers.find((one) => one.name === name && one.case === fault)
    if (waiver === undefined) {
      cases[fault](title)
      continue
    }
    test(`is excused from this: it ${title}`, async () => {
      expect(waiver.reason.length).toBeGreaterThan(30)
      const other = await harness.start()
      // A fault that can be shown needs no waiver.
      expect(other[needs]).toBeUndefined()
      await other.stop()
    })
  }
}
