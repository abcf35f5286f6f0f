import type { Rig } from '../../../../test/conformance/rig.ts'
import type { AwsServer } from '../../../../test/kit/aws-server.ts'
import { fifo, plain, sqsSinkOn, sqsSourceOn } from '../../../../test/kit/aws-side.ts'
import { againstFauxqs, startFauxqs } from '../../../../test/kit/fauxqs.ts'

let server: AwsServer

export const rig: Rig = {
  open: async () => (server = await startFauxqs()),
  close: () => server.close(),
  sources: [
    { name: 'aws-sqs', harness: sqsSourceOn(() => server, ''), against: { ...againstFauxqs('aws-sqs'), ...plain.sqs } },
  ],
  sinks: [
    { name: 'aws-sqs', harness: sqsSinkOn(() => server, ''), against: { ...againstFauxqs('aws-sqs'), ...plain.sqs } },
    {
      name: 'aws-sqs fifo',
      harness: sqsSinkOn(() => server, '.fifo'),
      against: { ...againstFauxqs('aws-sqs'), ...fifo.sqs },
    },
  ],
}
