import type { Rig } from '../../../../test/conformance/rig.ts'
import type { AwsServer } from '../../../../test/kit/aws-server.ts'
import { fifo, plain, snsSinkOn } from '../../../../test/kit/aws-side.ts'
import { againstFauxqs, startFauxqs } from '../../../../test/kit/fauxqs.ts'

let server: AwsServer

export const rig: Rig = {
  open: async () => (server = await startFauxqs()),
  close: () => server.close(),
  sinks: [
    { name: 'aws-sns', harness: snsSinkOn(() => server, ''), against: { ...againstFauxqs('aws-sns'), ...plain.sns } },
    {
      name: 'aws-sns fifo',
      harness: snsSinkOn(() => server, '.fifo'),
      against: { ...againstFauxqs('aws-sns'), ...fifo.sns },
    },
  ],
}
