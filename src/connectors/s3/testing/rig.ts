import type { Rig } from '../../../../test/conformance/rig.ts'
import type { OtherSide } from '../../../../test/conformance/sink.ts'
import { auth, region } from '../../../../test/kit/aws-server.ts'
import { againstFauxqs } from '../../../../test/kit/fauxqs.ts'
import { configFrom } from '../../../schema/index.ts'
import { s3Schema } from '../config.ts'
import { sink as s3 } from '../sink.ts'
import { startBucket, type StoredObject, type TestBucket } from './bucket.ts'

const idsIn = ({ text }: StoredObject): readonly string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly id: string }).id)

export async function s3Side(open: () => Promise<TestBucket>): Promise<OtherSide> {
  const bucket = await open()
  const held = async (): Promise<readonly string[]> => (await bucket.objects()).flatMap(idsIn)
  return {
    build: (context, timeoutMs) =>
      s3.build(
        configFrom(s3Schema, {
          bucket: bucket.name,
          endpoint: bucket.url,
          region,
          auth,
          compression: 'none',
          object_rows: 7,
          timeout: `${timeoutMs}ms`,
        }),
        context,
      ),
    async received() {
      if (bucket.stored === undefined) return held()
      return (await Promise.all(bucket.stored.map((key) => bucket.object(key)))).flatMap(idsIn)
    },
    held,
    refuse: (on) => bucket.refuse(on),
    slow: (on) => Promise.resolve(bucket.slow(on)),
    ...(bucket.stored === undefined
      ? {}
      : { disconnectAfter: (events: number) => Promise.resolve(bucket.cutAfter(events, '"id":')) }),
    async restart() {
      await bucket.refuse(true)
      await bucket.refuse(false)
    },
    stop: () => bucket.close(),
  }
}

export const rig: Rig = {
  sinks: [
    {
      name: 's3',
      harness: {
        accepts: s3.accepts,
        idempotency: s3.idempotency,
        unordered: true,
        start: () => s3Side(startBucket),
      },
      against: againstFauxqs('s3'),
    },
  ],
}
