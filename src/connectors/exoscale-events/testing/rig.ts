import { pollingHarness } from '../../../../test/conformance/polling-bench.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import { ExoscaleServer } from '../../../../test/kit/exoscale.ts'
import { configFrom } from '../../../schema/index.ts'
import { exoscaleEventsSchema } from '../config.ts'
import { source } from '../source.ts'

const zones = Array.from({ length: 12 }, (_, at) => `ch-test-${at}`)
const server = new ExoscaleServer()
let happened = Date.now() - 60_000

export const rig: Rig = {
  open: () => server.start(...zones),
  close: () => server.stop(),
  sources: [
    {
      name: 'exoscale-events',
      harness: pollingHarness({
        target: () => zones.shift() ?? '',
        build: (zone, context) =>
          source.build(
            configFrom(exoscaleEventsSchema, {
              ...server.key,
              zones: server.zones.filter(({ name }) => name === zone),
              every: '1s',
            }),
            context,
          ),
        put: (zone, numbers) =>
          server.put(
            zone,
            numbers.map((number) => ({
              'request-id': String(number),
              timestamp: new Date(++happened).toISOString(),
              handler: 'stop-instance',
            })),
          ),
        putMalformed: (zone) => server.put(zone, ['no event of any kind']),
      }),
      against: { system: 'exoscale-events', server: 'server of its API', standIn: true },
    },
  ],
}
