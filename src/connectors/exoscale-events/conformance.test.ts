import { afterAll, beforeAll } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import { asking, eventsOf } from '../../../test/conformance/asking.ts'
import { sourceConformance } from '../../../test/conformance/source.ts'
import type { NewUnit } from '../../../test/conformance/test-journal.ts'
import { ExoscaleServer } from '../../../test/kit/exoscale.ts'
import { exoscaleEventsSchema } from './config.ts'
import { source as exoscaleEvents } from './source.ts'

const zones = Array.from({ length: 12 }, (_, at) => `ch-test-${at}`)
const server = new ExoscaleServer()
beforeAll(() => server.start(...zones))
afterAll(() => server.stop())

let happened = Date.now() - 60_000
let zone = ''
/** What the journal has of the source. */
let units: NewUnit[] = []

sourceConformance(
  'exoscale-events',
  {
    redelivers: true,
    order: 'as received',
    numbersIn: (unit) => eventsOf(unit).map(({ id }) => Number(id)),
    async build(given, address) {
      if (given.epoch === 1 && address === undefined) [zone, units] = [zones.shift() ?? '', []]
      const { context, synced, malformed, close } = asking(given, units)
      const source = await exoscaleEvents.build(
        configFrom(exoscaleEventsSchema, {
          ...server.key,
          zones: server.zones.filter(({ name }) => name === zone),
          every: '1s',
        }),
        context,
      )
      return {
        source,
        close,
        send(numbers) {
          server.put(
            zone,
            numbers.map((number) => ({
              'request-id': String(number),
              timestamp: new Date(++happened).toISOString(),
              handler: 'stop-instance',
            })),
          )
          return synced(numbers.map(String))
        },
        sendMalformed() {
          server.put(zone, ['no event of any kind'])
          return malformed()
        },
      }
    },
  },
  { system: 'exoscale-events', server: 'server of its API', ours: true },
)
