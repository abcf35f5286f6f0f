import { afterAll, beforeAll } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import { asking, eventsOf } from '../../../test/conformance/asking.ts'
import { sourceConformance } from '../../../test/conformance/source.ts'
import type { NewUnit } from '../../../test/conformance/test-journal.ts'
import { auth } from '../../../test/kit/aws-server.ts'
import { TrailServer } from '../../../test/kit/cloudtrail.ts'
import { cloudtrailSchema } from './config.ts'
import { source as cloudtrail } from './source.ts'

const server = new TrailServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

let happened = Date.now() - 60_000
let region = ''
/** What the journal has of the source. */
let units: NewUnit[] = []

sourceConformance(
  'cloudtrail lookup',
  {
    redelivers: true,
    order: 'as received',
    numbersIn: (unit) => eventsOf(unit).map(({ id }) => Number(id)),
    async build(given, address) {
      if (given.epoch === 1 && address === undefined) [region, units] = [`eu-test-${server.regions + 1}`, []]
      const { context, synced, malformed, close } = asking(given, units)
      const source = await cloudtrail.build(
        configFrom(cloudtrailSchema, {
          from: { type: 'lookup', regions: [region], every: '1s' },
          endpoint: server.url,
          auth,
        }),
        context,
      )
      return {
        source,
        close,
        send(numbers) {
          server.put(
            region,
            numbers.map((number) => ({
              eventID: String(number),
              eventTime: new Date(++happened).toISOString(),
              eventName: 'Test',
              eventSource: 'ec2.amazonaws.com',
              awsRegion: region,
            })),
          )
          return synced(numbers.map(String))
        },
        sendMalformed() {
          server.put(region, ['no record of any kind'])
          return malformed()
        },
      }
    },
  },
  { system: 'cloudtrail', server: 'server of its API', ours: true },
)
