import type { Rig } from '../../../../test/conformance/rig.ts'
import type { Answer, SourceHarness } from '../../../../test/conformance/source.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { EventBatch } from '../../../model/batches.ts'
import { eventId } from '../../../model/events.ts'
import { configFrom } from '../../../schema/index.ts'
import { kubeAuditSchema } from '../config.ts'
import { source as kubeAudit } from '../source.ts'

const harness: SourceHarness = {
  order: 'as received',
  async build(context, address) {
    const source = await kubeAudit.build(
      configFrom(kubeAuditSchema, { cluster: 'c1', listen: address?.slice('http://'.length) ?? '127.0.0.1:0' }),
      context,
    )
    const post = async (body: string): Promise<Answer> => {
      const { status } = await fetch(`${source.addresses[0] ?? ''}/audit`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
      return status === 200 ? 'accepted' : status === 503 ? 'retry' : 'refused'
    }
    const item = (number: number): object => ({
      auditID: String(number),
      stage: 'ResponseComplete',
      verb: 'create',
      user: {},
      requestReceivedTimestamp: '2026-11-20T10:00:00Z',
    })
    return {
      source,
      sendMalformed: () => post('{}'),
      close: () => Promise.resolve(),
      send: (numbers) =>
        post(JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: numbers.map(item) })),
    }
  },
  numbersIn(unit) {
    const batch = decodeBatch('events', unit.raw) as EventBatch
    return Array.from({ length: batch.count }, (_, row) => Number(eventId(batch, row).split('/')[0]))
  },
}

export const rig: Rig = {
  sources: [{ name: 'kube-audit', harness, against: { system: 'kube-audit', server: 'client', standIn: true } }],
}
