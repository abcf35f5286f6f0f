import { pollingHarness } from '../../../../test/conformance/polling-bench.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import { auth } from '../../../../test/kit/aws-server.ts'
import { TrailServer } from '../../../../test/kit/cloudtrail.ts'
import { configFrom } from '../../../schema/index.ts'
import { cloudtrailSchema } from '../config.ts'
import { source } from '../source.ts'

const server = new TrailServer()
let happened = Date.now() - 60_000

export const rig: Rig = {
  open: () => server.start(),
  close: () => server.stop(),
  sources: [
    {
      name: 'cloudtrail lookup',
      harness: pollingHarness({
        target: () => `eu-test-${server.regions + 1}`,
        build: (region, context) =>
          source.build(
            configFrom(cloudtrailSchema, {
              from: { type: 'lookup', regions: [region], every: '1s' },
              endpoint: server.url,
              auth,
            }),
            context,
          ),
        put: (region, numbers) =>
          server.put(
            region,
            numbers.map((number) => ({
              eventID: String(number),
              eventTime: new Date(++happened).toISOString(),
              eventName: 'Test',
              eventSource: 'ec2.amazonaws.com',
              awsRegion: region,
            })),
          ),
        putMalformed: (region) => server.put(region, ['no record of any kind']),
      }),
      against: { system: 'cloudtrail', server: 'server of its API', standIn: true },
    },
  ],
}
